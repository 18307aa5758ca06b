/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What note.c needs of witnesses. Nothing outside of this folder includes it. */

#include "tlog/tlog-text.h"

/**
 * Of a key that is a witness's: -EBADMSG when the signature is not by this key over this text, else
 * `ret_utc_s` gets its time.
 */
int cosignature_verify(const NoteVerifier *verifier, Slice text, const uint8_t *signature, size_t size,
	int64_t *ret_utc_s) _must_check_;
