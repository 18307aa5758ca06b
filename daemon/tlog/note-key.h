/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What note.c needs of keys. Nothing outside of this folder includes it. */

#include "tlog/tlog-text.h"

enum { NOTE_SIGNATURE_BYTES = 64, NOTE_PRIVATE_KEY_MAX = 400 };

/** The private key as text, newline included. Clear `ret` after use. */
void note_signer_write(const NoteSigner *signer, char ret[NOTE_PRIVATE_KEY_MAX]);

/** Ed25519 over `text`. */
int note_key_sign(const NoteSigner *signer, Slice text, uint8_t ret[NOTE_SIGNATURE_BYTES]) _must_check_;

/** -EBADMSG when the signature is not by this key over this text. */
int note_key_verify(
	const NoteVerifier *verifier, Slice text, const uint8_t *signature, size_t size) _must_check_;
