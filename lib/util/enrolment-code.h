/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The one-time code for enrolling the first administrator: twelve characters of 5 bits each, in groups of
 * four, without characters that people confuse (0 O, 1 I).
 */

#include <stdbool.h>

#include "util/cleanup.h"

enum { ENROLMENT_CODE_MAX = sizeof "XXXX-XXXX-XXXX" };

/** Makes a code of 60 unpredictable bits. -EIO when the system gives none. */
int enrolment_code_make(char ret[ENROLMENT_CODE_MAX]) _must_check_;

/** Ignores case, blanks and missing dashes. Its duration reveals nothing about `code`. */
bool enrolment_code_matches(const char *code, const char *typed);
