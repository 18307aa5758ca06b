/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Witness functions for note.c. Nothing outside this folder includes it. */

#include "tlog/note-key.h"
#include "tlog/tlog-text.h"

enum {
	COSIGNATURE_TIME_BYTES = 8, /* big endian, in front of the signature */
	COSIGNATURE_BYTES_MAX = COSIGNATURE_TIME_BYTES + NOTE_SIGNATURE_BYTES_MAX,
};

/**
 * Verifies a witness's cosignature: -EBADMSG when it is not by this key over this text, else `ret_utc_s` gets
 * its time.
 */
int cosignature_verify(const NoteVerifier *verifier, Slice text, const uint8_t *signature, size_t size,
	int64_t *ret_utc_s) _must_check_;

/**
 * Makes a cosignature of a checkpoint's text by the signer's algorithm. -EINVAL when it is no checkpoint's or
 * the time lies before 1970.
 */
int cosignature_sign(const NoteSigner *signer, Slice text, int64_t utc_s, uint8_t ret[COSIGNATURE_BYTES_MAX],
	size_t *ret_size) _must_check_;
