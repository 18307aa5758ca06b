/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Witness functions for note.c. Nothing outside this folder includes it. */

#include "tlog/tlog-text.h"

/**
 * Verifies a witness's cosignature: -EBADMSG when it is not by this key over this text, else `ret_utc_s` gets
 * its time.
 */
int cosignature_verify(const NoteVerifier *verifier, Slice text, const uint8_t *signature, size_t size,
	int64_t *ret_utc_s) _must_check_;
