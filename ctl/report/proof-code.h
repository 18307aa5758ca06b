/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A proof in the letters that a QR code holds most of: "STIPPLE1:" and the base45 (RFC 9285) of its raw
 * deflate (RFC 1951). A scanner reads it as plain text.
 */

#include <stdbool.h>

#include "util/cleanup.h"

/** NULL: out of memory. The result is the caller's. */
char *proof_code_write(const char *proof);

/** Whether the text begins as such a code does. */
bool proof_code_is(const char *text);

/**
 * Reads it back; line ends around it are passed over. -EBADMSG when it is none or was damaged, -E2BIG when
 * what it holds is longer than any proof. The result is the caller's.
 */
int proof_code_read(const char *text, char **ret) _must_check_;
