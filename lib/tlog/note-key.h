/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Key functions for note.c. Nothing outside this folder includes it. */

#include "tlog/tlog-text.h"

enum {
	NOTE_SIGNATURE_BYTES = 64, /* Ed25519 */
	NOTE_ML_DSA_44_SIGNATURE_BYTES = 2420,
	NOTE_SIGNATURE_BYTES_MAX = NOTE_ML_DSA_44_SIGNATURE_BYTES,
	NOTE_PRIVATE_KEY_MAX = 400,
};

/** The private key as text, newline included. Clear `ret` after use. */
void note_signer_write(const NoteSigner *signer, char ret[NOTE_PRIVATE_KEY_MAX]);

/** Signs exactly this message; the size of the signature is that of the key's kind. */
int note_key_sign(const NoteSigner *signer, Slice message, uint8_t ret[NOTE_SIGNATURE_BYTES_MAX],
	size_t *ret_size) _must_check_;

/**
 * -EBADMSG when the signature is not by this key over exactly this message, without the key kind's special
 * treatment of texts. -EOPNOTSUPP: libcrypto does not support the algorithm.
 */
int note_key_verify_message(const NoteVerifier *verifier, const void *message, size_t message_size,
	const uint8_t *signature, size_t size) _must_check_;
