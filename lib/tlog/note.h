/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Signed notes (c2sp.org/signed-note) with Ed25519 keys (RFC 8032): keys as text, signing, and strict
 * reading; and cosignatures (c2sp.org/tlog-cosignature), which witnesses and mirrors make. Only
 * note_signer_store() and note_signer_load() touch files.
 *
 * Errors, unless stated otherwise: -EINVAL for malformed text, -ENOMEM, -EIO when libcrypto fails. Where a
 * function takes `error`, a refusal is one sentence there; outputs are untouched on failure.
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

enum {
	NOTE_NAME_MAX = 256,             /* a key's name with its NUL */
	NOTE_KEY_MAX = 2048,             /* a public key as text with its NUL */
	NOTE_SIZE_MAX = 1 << 20,         /* bytes of a note */
	NOTE_SIGNATURES_MAX = 64,        /* the specification asks for 16 */
	NOTE_PUBLIC_KEY_BYTES = 32,      /* Ed25519 */
	NOTE_ML_DSA_44_KEY_BYTES = 1312, /* FIPS 204 */
	NOTE_PUBLIC_KEY_MAX = NOTE_ML_DSA_44_KEY_BYTES,
};

/** Signature types of the specification; keys contain these values. */
typedef enum NoteKind {
	NOTE_ED25519 = 1,               /* a note's own signature, such as a log's */
	NOTE_COSIGNATURE = 4,           /* a witness's, Ed25519 with a time */
	NOTE_COSIGNATURE_ML_DSA_44 = 6, /* the same with ML-DSA-44 */
} NoteKind;

/** A public key: "<name>+<id in hexadecimal>+<base64 of the kind and the key>" as text, often called vkey. */
typedef struct NoteVerifier {
	char name[NOTE_NAME_MAX];
	NoteKind kind;
	uint32_t id; /* first 4 bytes of SHA-256(name || 0x0a || kind || key) */
	uint8_t key[NOTE_PUBLIC_KEY_MAX];
} NoteVerifier;

/** Size of a key of this kind, in bytes; 0 for an unknown kind. */
size_t note_key_size(NoteKind kind);

/**
 * Reads a public key. -EOPNOTSUPP for an unknown kind, -EBADMSG when name and key do not match the id: a
 * character was mistyped or lost.
 */
int note_verifier_parse(const char *text, NoteVerifier *ret, Error *error) _must_check_;
void note_verifier_write(const NoteVerifier *verifier, char ret[NOTE_KEY_MAX]);

/** A private key. Its memory is cleared when it is freed. */
typedef struct NoteSigner NoteSigner;

/** Makes a new key from the system's random bytes. -EINVAL when `name` is not a valid key name. */
int note_signer_generate(const char *name, NoteSigner **ret) _must_check_;
/**
 * The same for a key that only cosigns, with ML-DSA-44. -EOPNOTSUPP when libcrypto does not know it (before
 * OpenSSL 3.5).
 */
int note_signer_generate_ml_dsa_44(const char *name, NoteSigner **ret) _must_check_;

/**
 * Reads "PRIVATE+KEY+<name>+<id>+<base64 of the kind, 1 or 6, and the seed>", the format of Go's note
 * package; one newline may follow. Errors as for note_verifier_parse(); no error sentence contains any of the
 * text.
 */
int note_signer_parse(const char *text, NoteSigner **ret, Error *error) _must_check_;
/**
 * The same private key under another name. Verifiers see it as a different key, so its signatures for one log
 * never count for another. -EINVAL when `name` is not a valid key name.
 */
int note_signer_rename(const NoteSigner *signer, const char *name, NoteSigner **ret) _must_check_;
NoteSigner *note_signer_free(NoteSigner *signer);
DEFINE_CLEANUP(NoteSigner *, note_signer_free, note_signer_freep);

/** The public half; valid as long as the signer is. */
const NoteVerifier *note_signer_verifier(const NoteSigner *signer);

/**
 * Writes the key durably to a new file `name` in `folder`, mode 0600; a power cut leaves all of it or
 * nothing. -EEXIST when the file exists: a key is never overwritten. Blocks on the disk.
 */
int note_signer_store(
	const NoteSigner *signer, const char *folder, const char *name, Error *error) _must_check_;

/**
 * Reads a key from a file. -EPERM when group or others have access, -ENOENT when it is missing. For a systemd
 * credential the caller reads the text and uses note_signer_parse(). Blocks.
 */
int note_signer_load(const char *path, NoteSigner **ret, Error *error) _must_check_;

/**
 * Makes the whole note: `text`, an empty line and one signature. The caller owns the result. -EINVAL when
 * `text` does not end in a newline, or has control characters or invalid UTF-8, and for a key that only
 * cosigns.
 */
int note_sign(const NoteSigner *signer, const char *text, char **ret) _must_check_;

/** Adds one more signature at the end of a well-formed note. The caller owns the result. */
int note_sign_again(const NoteSigner *signer, const char *note, size_t size, char **ret) _must_check_;

/**
 * The public key that a signer's cosignatures are known by. An Ed25519 key that cosigns must sign nothing
 * else: its cosignatures do not commit to its name.
 */
void note_signer_cosigner(const NoteSigner *signer, NoteVerifier *ret);

/**
 * Cosigns a checkpoint, a well-formed note of `size` bytes: `ret` gets the signature's line
 * with its newline, which can be added to the note; the caller owns it. `utc_s`: the time, in seconds since
 * 1970. The caller has verified what a cosignature says of the checkpoint. -EINVAL for a note that is no
 * checkpoint, or a time before 1970.
 */
int note_cosign(
	const NoteSigner *signer, const char *note, size_t size, int64_t utc_s, char **ret) _must_check_;

/** Checks only a note's form, for showing notes that nobody vouches for. */
int note_read(const char *note, size_t size, size_t *ret_text_size, Error *error) _must_check_;

/** A witness's cosignature that verified. */
typedef struct NoteCosigned {
	size_t key;    /* index in `known` */
	int64_t utc_s; /* when the witness says it saw this; 0: not said (ML-DSA-44 only) */
} NoteCosigned;

/** What is known of a note after its signatures were checked. */
typedef struct NoteOpened {
	size_t text_size;       /* of the text at its beginning, including the final newline */
	size_t signed_by;       /* index in `known` of the first signature of kind NOTE_ED25519 */
	bool signed_for_origin; /* one of that kind is by a key whose name is the text's first line */
	NoteCosigned cosigned[NOTE_SIGNATURES_MAX];
	size_t n_cosigned;
} NoteOpened;

/**
 * Checks a note of `size` bytes. Signatures by keys that are not `known` are ignored, as the specification
 * demands; a signature by a known key that does not verify rejects the note. Cosignatures are checked and
 * listed, but do not count as signatures: a witness vouches only for what a log has signed.
 *
 * -EINVAL malformed, -ENOKEY no signature of kind NOTE_ED25519 by a known key, -EBADMSG text or signature
 * were changed, -EOPNOTSUPP libcrypto cannot check ML-DSA-44 (before OpenSSL 3.5).
 */
int note_open(const char *note, size_t size, const NoteVerifier *known, size_t n_known, NoteOpened *ret,
	Error *error) _must_check_;
