/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Proofs as text, to be checked offline with nothing but a public key: inclusion of one leaf
 * (c2sp.org/tlog-proof, version 1) and growth from an older checkpoint (the request body of
 * c2sp.org/tlog-witness's add-checkpoint, so that a witness takes it as it is). docs/transparency-log.md
 * describes both. Errors as in note.h.
 */

#include "tlog/checkpoint.h"
#include "tlog/merkle.h"

enum { PROOF_SIZE_MAX = NOTE_SIZE_MAX }; /* bytes of a proof */

/**
 * A proof that was read, or is to be written. After reading, `checkpoint` points into the text and
 * inclusion_proof_done() frees `extra`; for writing, the caller owns both.
 */
typedef struct InclusionProof {
	uint64_t index; /* of the leaf, from 0 */
	MerklePath path;
	const char *checkpoint; /* the signed note */
	size_t checkpoint_size;
	uint8_t *extra; /* NULL: none. Nobody vouches for it; if it is the leaf, the path proves it */
	size_t extra_size;
} InclusionProof;

/**
 * Writes the text, which the caller owns. -EINVAL also when the checkpoint is not a note with a tree in it.
 */
int inclusion_proof_write(const InclusionProof *proof, char **ret) _must_check_;

/** Reads exactly `size` bytes; the checkpoint's form is checked, its signatures are not. */
int inclusion_proof_parse(const char *text, size_t size, InclusionProof *ret, Error *error) _must_check_;
void inclusion_proof_done(InclusionProof *proof);

/**
 * Checks that `leaf` is in the log of the proof's checkpoint, which must be signed by a known key and, unless
 * `origin` is NULL, belong to the log `origin`. `ret_checkpoint` (may be NULL) points into the proof's text.
 * Errors as for checkpoint_open(), and -EBADMSG also when the leaf is a different one or the proof was
 * changed.
 */
int inclusion_proof_verify(const InclusionProof *proof, const void *leaf, size_t leaf_size,
	const NoteVerifier *known, size_t n_known, const char *origin, Checkpoint *ret_checkpoint,
	Error *error) _must_check_;

/** The proof that the log of `checkpoint` begins with its state at `old_size` leaves. */
typedef struct ConsistencyProof {
	uint64_t old_size;
	MerklePath path;
	const char *checkpoint; /* the newer signed note; after reading, it points into the text */
	size_t checkpoint_size;
} ConsistencyProof;

/**
 * Writes the text, which the caller owns. -EINVAL also when the checkpoint is not a note with a tree in it.
 */
int consistency_proof_write(const ConsistencyProof *proof, char **ret) _must_check_;

/** Reads exactly `size` bytes; the checkpoint's form is checked, its signatures are not. */
int consistency_proof_parse(const char *text, size_t size, ConsistencyProof *ret, Error *error) _must_check_;

/**
 * Checks that the log was only appended to between `old`, an older checkpoint that the caller has checked,
 * and the proof's own checkpoint, which must have the same origin and be signed by a known key.
 * `ret_checkpoint` (may be NULL) points into the proof's text. Errors as for checkpoint_open(), -ERANGE when
 * the proof does not start at `old`'s size, and -EBADMSG also when it does not connect the two: the log or
 * the proof was rewritten.
 */
int consistency_proof_verify(const ConsistencyProof *proof, const Checkpoint *old, const NoteVerifier *known,
	size_t n_known, Checkpoint *ret_checkpoint, Error *error) _must_check_;
