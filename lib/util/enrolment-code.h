/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The one-time code by which the first administrator is enrolled: twelve signs of 5 bits, in groups of four,
 * without those that are taken for one another (0 O, 1 I).
 */

#include <stdbool.h>

#include "util/cleanup.h"

enum { ENROLMENT_CODE_MAX = sizeof "XXXX-XXXX-XXXX" };

/** 60 unpredictable bits. -EIO when the system gives none. */
int enrolment_code_make(char ret[ENROLMENT_CODE_MAX]) _must_check_;

/** Small letters, blanks and missing dashes are forgiven. The time it takes says nothing about `code`. */
bool enrolment_code_matches(const char *code, const char *typed);
