/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Proofs from the ledger: that a record is in the tree, and that the tree has only grown; also the newest
 * checkpoint. It writes nothing and signs nothing. It must not prove what no checkpoint covers.
 */

#include "ledger/cosigned.h"
#include "ledger/tree.h"

#include <string.h>

#include "tlog/proof.h"

typedef struct SealedTree {
	uint64_t size;
	char *note;
} SealedTree;

/** A cleanup function. */
static void sealed_tree_done(SealedTree *sealed)
{
	free(sealed->note);
}

/** `sql` selects size and note of a checkpoint. -ENODATA when there is none. */
static int find_sealed(Statements *statements, const char *sql, uint64_t argument, SealedTree *ret)
{
	_cleanup_(statement_donep) sqlite3_stmt *select = NULL;
	char *note;
	int r = statement_row(statements, sql, argument, &select);

	if (r < 0)
		return r == -ENOENT ? -ENODATA : r;
	note = strdup(column_string(select, 1));
	if (!note)
		return -ENOMEM;
	*ret = (SealedTree){ (uint64_t)column_integer(select, 0), note };
	return 0;
}

/** The newest checkpoint. -ENODATA: there is none, or none that covers this many records. */
static int newest(Statements *statements, uint64_t least, SealedTree *ret)
{
	return find_sealed(statements,
		"SELECT size, note FROM checkpoint WHERE size >= ? ORDER BY size DESC LIMIT 1", least, ret);
}

/** The first checkpoint after `since` records. -ENODATA when there is none. */
static int next_after(Statements *statements, uint64_t since, SealedTree *ret)
{
	return find_sealed(statements,
		"SELECT size, note FROM checkpoint WHERE size > ? ORDER BY size LIMIT 1", since, ret);
}

static json_t *hashes_to_json(const MerklePath *path)
{
	json_auto_t *hashes = json_array();
	char text[MERKLE_HASH_TEXT_MAX];

	for (size_t i = 0; hashes && i < path->n; i++) {
		merkle_write_hash(&path->hashes[i], text);
		if (json_array_append_new(hashes, json_string(text)) < 0)
			return NULL;
	}
	return TAKE_PTR(hashes);
}

/**
 * The previous key's statement about the current key, owned by the caller; NULL when there is none or the key
 * is unknown.
 */
static char *statement_in_force(Statements *statements)
{
	_cleanup_(statement_donep) sqlite3_stmt *select = NULL;
	const char *statement;

	if (statement_row(statements, "SELECT statement FROM signing_key ORDER BY seq DESC LIMIT 1", 0,
		    &select) < 0)
		return NULL;
	statement = column_text(select, 0);
	return statement ? strdup(statement) : NULL;
}

static json_t *key_in_force(Statements *statements)
{
	_cleanup_(statement_donep) sqlite3_stmt *select = NULL;

	if (statement_row(statements, "SELECT key FROM signing_key ORDER BY seq DESC LIMIT 1", 0, &select) <
		0)
		return json_null();
	return json_string(column_string(select, 0));
}

int prove_checkpoint(Statements *statements, uint64_t since, json_t **ret)
{
	TreeReader reader = { .statements = statements };
	_cleanup_(sealed_tree_done) SealedTree sealed = { 0 };
	_cleanup_(freep) char *statement = NULL;
	MerklePath path = { 0 };
	json_t *previous, *made;
	int r = since ? next_after(statements, since, &sealed) : -ENODATA;

	/* a caller that starts, or already has all, gets the newest */
	if (r == -ENODATA)
		r = newest(statements, 0, &sealed);
	if (r < 0)
		return r;
	/* the one on the broker may itself be the newest: its proof is then empty */
	if (since > sealed.size)
		since = 0;
	r = tree_prove_consistency(&reader, since, sealed.size, &path);
	if (r < 0)
		return r;
	previous = since ? json_pack("{s:I}", "size", (json_int_t)since) : json_null();
	statement = statement_in_force(statements);
	made = json_pack("{s:s, s:I, s:o, s:o, s:o, s:s*}", "checkpoint", sealed.note, "size",
		(json_int_t)sealed.size, "previous", previous, "consistency", hashes_to_json(&path), "vkey",
		key_in_force(statements), "statement", statement);
	if (!made)
		return -ENOMEM;
	*ret = made;
	return 0;
}

static int write_proof(Statements *statements, uint64_t seq, InclusionProof *proof, char **ret)
{
	_cleanup_(statement_donep) sqlite3_stmt *select = NULL;
	DigestPart leaf;
	int r = statement_row(statements, "SELECT leaf FROM record WHERE seq = ?", seq, &select);

	if (r < 0)
		return r;
	leaf = column_bytes(select, 0);
	if (!leaf.data)
		return -EUCLEAN;
	proof->extra = (uint8_t *)leaf.data;
	proof->extra_size = leaf.size;
	return inclusion_proof_write(proof, ret);
}

/** The one that witnesses cosigned, unless the ledger's tree contradicts it. -ENODATA: none covers the
 * record. */
static int cosigned(Statements *statements, const char *path, uint64_t seq, SealedTree *ret)
{
	TreeReader reader = { .statements = statements };
	_cleanup_(sealed_tree_done) SealedTree known = { 0 };
	_cleanup_(freep) char *note = NULL;
	Checkpoint checkpoint;
	MerkleHash root;

	if (cosigned_read(path, &note, &checkpoint) < 0 || checkpoint.size < seq ||
		newest(statements, checkpoint.size, &known) < 0 ||
		tree_root(&reader, checkpoint.size, &root) < 0 || !merkle_hash_equal(&root, &checkpoint.root))
		return -ENODATA;
	*ret = (SealedTree){ checkpoint.size, TAKE_PTR(note) };
	return 0;
}

int prove_record(Statements *statements, const char *path, uint64_t seq, json_t **ret)
{
	TreeReader reader = { .statements = statements };
	_cleanup_(sealed_tree_done) SealedTree sealed = { 0 };
	_cleanup_(freep) char *text = NULL;
	InclusionProof proof = { .index = seq - 1 };
	int r = seq == 0 ? -ENOENT : cosigned(statements, path, seq, &sealed);

	if (r == -ENODATA)
		r = newest(statements, seq, &sealed);

	if (r < 0)
		return r;
	r = tree_prove_inclusion(&reader, proof.index, sealed.size, &proof.path);
	if (r < 0)
		return r;
	proof.checkpoint = sealed.note;
	proof.checkpoint_size = strlen(sealed.note);
	r = write_proof(statements, seq, &proof, &text);
	if (r < 0)
		return r;
	*ret = json_pack("{s:I, s:I, s:s, s:o}", "seq", (json_int_t)seq, "size", (json_int_t)sealed.size,
		"proof", text, "key", key_in_force(statements));
	return *ret ? 0 : -ENOMEM;
}

int prove_growth(Statements *statements, uint64_t size, json_t **ret)
{
	TreeReader reader = { .statements = statements };
	_cleanup_(sealed_tree_done) SealedTree sealed = { 0 };
	_cleanup_(freep) char *text = NULL;
	ConsistencyProof proof = { .old_size = size };
	char root[MERKLE_HASH_TEXT_MAX];
	MerkleHash hash;
	int r = size > MERKLE_SIZE_MAX ? -ENODATA : newest(statements, size, &sealed);

	if (r < 0)
		return r;
	r = tree_root(&reader, size, &hash);
	if (r < 0)
		return r;
	r = tree_prove_consistency(&reader, size, sealed.size, &proof.path);
	if (r < 0)
		return r;
	proof.checkpoint = sealed.note;
	proof.checkpoint_size = strlen(sealed.note);
	r = consistency_proof_write(&proof, &text);
	if (r < 0)
		return r;
	merkle_write_hash(&hash, root);
	*ret = json_pack("{s:s, s:s}", "root", root, "proof", text);
	return *ret ? 0 : -ENOMEM;
}
