/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A proof in the alphabet that a QR code stores most compactly: "STIPPLE1:" followed by the base45 (RFC
 * 9285) of its raw deflate (RFC 1951). A scanner reads it as plain text.
 */

#include <stdbool.h>

#include "util/cleanup.h"

/** NULL: out of memory. The caller frees the result. */
char *proof_code_write(const char *proof);

/** Whether the text begins like such a code. */
bool proof_code_is(const char *text);

/**
 * Unpacks a code; line ends around it are skipped. -EBADMSG when it is no such code or was damaged; -E2BIG
 * when its contents are longer than any proof. The caller frees the result.
 */
int proof_code_read(const char *text, char **ret) _must_check_;
