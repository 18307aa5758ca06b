/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Proofs as text: writing, reading, and verifying offline. It touches neither a file nor a ledger. It must
 * not call a proof valid before it has verified the signature of its checkpoint.
 */

#include "tlog/proof.h"

#include <inttypes.h>
#include <string.h>

#include "tlog/tlog-text.h"

#define INCLUSION_HEADER "c2sp.org/tlog-proof@v1"

/* ---- what both have in common: hashes, an empty line, a checkpoint ---- */

static int check_proof_checkpoint(Slice note, Checkpoint *ret, Error *error)
{
	size_t text_size;
	int r;

	r = note_read(note.text, note.size, &text_size, error);
	if (r < 0)
		return r;
	return checkpoint_parse(note.text, text_size, ret, error);
}

/** `head`: the text before the hashes, with its newline. */
static int write_with_path(const char *head, const MerklePath *path, Slice checkpoint, char **ret)
{
	char hashes[MERKLE_PATH_MAX * MERKLE_HASH_TEXT_MAX + 1], *end = hashes, *text;
	Checkpoint parsed;
	int r;

	r = check_proof_checkpoint(checkpoint, &parsed, NULL);
	if (r < 0)
		return r;
	if (path->n > MERKLE_PATH_MAX)
		return -EINVAL;
	for (size_t i = 0; i < path->n; i++) {
		merkle_write_hash(&path->hashes[i], end);
		end += (MERKLE_HASH_TEXT_MAX - 1);
		*end++ = '\n';
	}
	*end = '\0';
	if (asprintf(&text, "%s%s\n%.*s", head, hashes, (int)checkpoint.size, checkpoint.text) < 0)
		return -ENOMEM;
	*ret = text;
	return 0;
}

static int parse_path(Slice *rest, unsigned *number, MerklePath *ret, Error *error)
{
	Slice line;
	int r;

	for (ret->n = 0;; ret->n++) {
		if (!text_next_line(rest, &line, number))
			return error_set(
				error, -EINVAL, "the proof ends at line %u, before its checkpoint", *number);
		if (line.size == 0)
			return 0;
		if (ret->n == MERKLE_PATH_MAX)
			return error_set(
				error, -EINVAL, "the proof has more than %d hashes", MERKLE_PATH_MAX);
		r = base64_decode_exactly(line, ret->hashes[ret->n].bytes, sizeof ret->hashes[ret->n].bytes);
		if (r < 0)
			return error_set(
				error, r, "the proof's line %u is not the base64 of a SHA-256 hash", *number);
	}
}

/** Reads the hashes from `rest` on, and the checkpoint after them, which must be the rest. */
static int parse_tail(Slice *rest, unsigned *number, MerklePath *ret, Error *error)
{
	Checkpoint checkpoint;
	int r = parse_path(rest, number, ret, error);

	return r < 0 ? r : check_proof_checkpoint(*rest, &checkpoint, error);
}

/** "<word> <number>" */
static bool parse_numbered(Slice line, const char *word, uint64_t *ret)
{
	return text_take_word(&line, word) && text_take_word(&line, " ") && text_parse_number(line, ret);
}

/* ---- inclusion ---- */

int inclusion_proof_write(const InclusionProof *proof, char **ret)
{
	_cleanup_(freep) char *extra = NULL, *head = NULL;

	if (proof->index >= MERKLE_SIZE_MAX || (proof->extra && proof->extra_size == 0) ||
		proof->extra_size > PROOF_SIZE_MAX / 2 || proof->checkpoint_size > PROOF_SIZE_MAX / 4)
		return -EINVAL;
	extra = proof->extra ? base64_encode(proof->extra, proof->extra_size) : NULL;
	if ((proof->extra && !extra) ||
		asprintf(&head, INCLUSION_HEADER "\n%s%s%sindex %" PRIu64 "\n", extra ? "extra " : "",
			extra ? extra : "", extra ? "\n" : "", proof->index) < 0)
		return -ENOMEM;
	return write_with_path(head, &proof->path, (Slice){ proof->checkpoint, proof->checkpoint_size }, ret);
}

static int parse_inclusion_head(Slice *rest, unsigned *number, InclusionProof *proof, Error *error)
{
	Slice line, extra;
	int r;

	if (!text_next_line(rest, &line, number) || !text_take_word(&line, INCLUSION_HEADER) || line.size > 0)
		return error_set(
			error, -EINVAL, "line 1 is not " INCLUSION_HEADER "; this is no inclusion proof");
	if (!text_next_line(rest, &line, number))
		return error_set(error, -EINVAL, "the proof ends after its first line");
	extra = line;
	if (text_take_word(&extra, "extra ")) {
		r = base64_decode(extra, &proof->extra, &proof->extra_size);
		if (r < 0)
			return error_set(error, r, "the proof's line 2 has extra data that is not base64");
		if (!text_next_line(rest, &line, number))
			return error_set(error, -EINVAL, "the proof ends after its second line");
	}
	if (!parse_numbered(line, "index", &proof->index))
		return error_set(
			error, -EINVAL, "the proof's line %u is not \"index\" and a number", *number);
	return 0;
}

int inclusion_proof_parse(const char *text, size_t size, InclusionProof *ret, Error *error)
{
	_cleanup_(inclusion_proof_done) InclusionProof proof = { 0 };
	Slice rest = { text, size };
	unsigned number = 0;
	int r;

	if (size > PROOF_SIZE_MAX)
		return error_set(error, -EINVAL, "the proof is longer than %d bytes", PROOF_SIZE_MAX);
	r = parse_inclusion_head(&rest, &number, &proof, error);
	if (r < 0)
		return r;
	r = parse_tail(&rest, &number, &proof.path, error);
	if (r < 0)
		return r;
	proof.checkpoint = rest.text;
	proof.checkpoint_size = rest.size;
	*ret = proof;
	proof.extra = NULL;
	return 0;
}

void inclusion_proof_done(InclusionProof *proof)
{
	free(TAKE_PTR(proof->extra));
}

static int verify_leaf(const InclusionProof *proof, const void *leaf, size_t leaf_size,
	const Checkpoint *checkpoint, Error *error)
{
	MerkleHash hash;
	int r;

	if (proof->index >= checkpoint->size)
		return error_set(error, -EBADMSG,
			"the proof is of leaf %" PRIu64 ", but its checkpoint has %" PRIu64 " from 0",
			proof->index, checkpoint->size);
	merkle_hash_leaf(leaf, leaf_size, &hash);
	r = merkle_verify_inclusion(&hash, proof->index, checkpoint->size, &proof->path, &checkpoint->root);
	if (r < 0)
		return error_set(error, r,
			"the record is not leaf %" PRIu64 " of %s at size %" PRIu64
			": the record or the proof was changed, or they belong to different records",
			proof->index, checkpoint->origin, checkpoint->size);
	return 0;
}

int inclusion_proof_verify(const InclusionProof *proof, const void *leaf, size_t leaf_size,
	const NoteVerifier *known, size_t n_known, const char *origin, Checkpoint *ret_checkpoint,
	Error *error)
{
	Checkpoint checkpoint;
	int r;

	r = checkpoint_open(
		proof->checkpoint, proof->checkpoint_size, known, n_known, origin, &checkpoint, NULL, error);
	if (r < 0)
		return r;
	r = verify_leaf(proof, leaf, leaf_size, &checkpoint, error);
	if (r < 0)
		return r;
	if (ret_checkpoint)
		*ret_checkpoint = checkpoint;
	return 0;
}

/* ---- consistency ---- */

int consistency_proof_write(const ConsistencyProof *proof, char **ret)
{
	char head[32];

	if (proof->old_size > MERKLE_SIZE_MAX || proof->checkpoint_size > PROOF_SIZE_MAX / 4)
		return -EINVAL;
	(void)snprintf(head, sizeof head, "old %" PRIu64 "\n", proof->old_size);
	return write_with_path(head, &proof->path, (Slice){ proof->checkpoint, proof->checkpoint_size }, ret);
}

int consistency_proof_parse(const char *text, size_t size, ConsistencyProof *ret, Error *error)
{
	Slice rest = { text, size }, line;
	ConsistencyProof proof = { 0 };
	unsigned number = 0;
	int r;

	if (size > PROOF_SIZE_MAX)
		return error_set(error, -EINVAL, "the proof is longer than %d bytes", PROOF_SIZE_MAX);
	if (!text_next_line(&rest, &line, &number) || !parse_numbered(line, "old", &proof.old_size))
		return error_set(
			error, -EINVAL, "line 1 is not \"old\" and a number; this is no consistency proof");
	r = parse_tail(&rest, &number, &proof.path, error);
	if (r < 0)
		return r;
	proof.checkpoint = rest.text;
	proof.checkpoint_size = rest.size;
	*ret = proof;
	return 0;
}

static int verify_log_growth(
	const ConsistencyProof *proof, const Checkpoint *old, const Checkpoint *checkpoint, Error *error)
{
	int r;

	r = merkle_verify_consistency(
		old->size, &old->root, checkpoint->size, &checkpoint->root, &proof->path);
	if (r < 0)
		return error_set(error, r,
			"%s at size %" PRIu64 " does not begin with what it was at size %" PRIu64
			": records were changed or removed, or the proof was changed",
			checkpoint->origin, checkpoint->size, old->size);
	return 0;
}

int consistency_proof_verify(const ConsistencyProof *proof, const Checkpoint *old, const NoteVerifier *known,
	size_t n_known, Checkpoint *ret_checkpoint, Error *error)
{
	Checkpoint checkpoint;
	int r;

	r = checkpoint_open(proof->checkpoint, proof->checkpoint_size, known, n_known, old->origin,
		&checkpoint, NULL, error);
	if (r < 0)
		return r;
	if (proof->old_size != old->size)
		return error_set(error, -ERANGE,
			"the proof begins at size %" PRIu64 ", the older checkpoint is of size %" PRIu64
			"; ask for a proof from there",
			proof->old_size, old->size);
	r = verify_log_growth(proof, old, &checkpoint, error);
	if (r < 0)
		return r;
	if (ret_checkpoint)
		*ret_checkpoint = checkpoint;
	return 0;
}
