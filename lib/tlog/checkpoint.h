/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Checkpoints (c2sp.org/tlog-checkpoint): a log's statement about itself at one size, as the text of a signed
 * note. Errors as in note.h.
 */

#include "tlog/merkle.h"
#include "tlog/note.h"

typedef struct Checkpoint {
	char origin[NOTE_NAME_MAX]; /* names the log; for a station's log also the name of its key */
	uint64_t size;              /* leaves */
	MerkleHash root;
	const char *extensions; /* further lines, each with its newline; borrowed, not NUL-terminated */
	size_t extensions_size;
} Checkpoint;

/**
 * Makes "stipple/<clinic>/<station>". -EINVAL when a part is not allowed in a topic, or when it is too long.
 */
int checkpoint_origin(const char *clinic, const char *station, char ret[NOTE_NAME_MAX]) _must_check_;

/**
 * Whether a clinic may give its log this name: a URL without its scheme, such as example.com/clinic/chair-1,
 * of printable ASCII and at most 200 bytes, which does not end like an epoch.
 */
bool checkpoint_origin_is_valid(const char *origin);

/**
 * The origin of the log that continues after a restore: one epoch after the larger epoch of both. "<origin>"
 * is epoch 1, "<origin>/epoch-2" the next. `other` (may be NULL) counts only if it is an epoch of the same
 * log. -EINVAL when it does not fit.
 */
int checkpoint_next_epoch(const char *origin, const char *other, char ret[NOTE_NAME_MAX]) _must_check_;

/** Whether both are epochs of the same log. */
bool checkpoint_same_log(const char *origin, const char *other);

/** Writes the text without signatures. The caller owns the result. */
int checkpoint_write(const Checkpoint *checkpoint, char **ret) _must_check_;

/**
 * Writes the signed note. The caller owns the result. -EINVAL also when the key's name is not the origin: a
 * station does not sign another log's checkpoints.
 */
int checkpoint_sign(const Checkpoint *checkpoint, const NoteSigner *signer, char **ret) _must_check_;

/** Reads the text, without signatures, of exactly `size` bytes. `extensions` points into it. */
int checkpoint_parse(const char *text, size_t size, Checkpoint *ret, Error *error) _must_check_;

/**
 * Checks a signed checkpoint against known keys, as note_open() does, and reads it. One of the signing keys
 * must have the checkpoint's origin as its name: a key signs for one log only. `extensions` points into
 * `note`. `origin` is the expected log, or NULL when the key alone identifies it. `ret_opened` (may be NULL)
 * says who cosigned. Errors as for note_open(), and -EXDEV for a checkpoint of another log, or one without a
 * signature that counts for its log.
 */
int checkpoint_open(const char *note, size_t size, const NoteVerifier *known, size_t n_known,
	const char *origin, Checkpoint *ret, NoteOpened *ret_opened, Error *error) _must_check_;
