/* SPDX-License-Identifier: Apache-2.0 */

/** Computes the root of the registry's log anew. It must not trust a node that the database keeps. */

#include "registry-check.h"

#include <string.h>

#include "clinic-sql.h"

#define LEAVES_AT_ONCE "1000"

static int append_leaf(MerkleTree *tree, const char *text, Error *error)
{
	size_t size;
	unsigned char *leaf = PQunescapeBytea((const unsigned char *)text, &size);
	MerkleHash hash;
	int r;

	if (!leaf)
		return error_set(error, -EIO, "no memory for a leaf");
	merkle_hash_leaf(leaf, size, &hash);
	PQfreemem(leaf);
	r = merkle_append(tree, &hash, NULL, NULL);
	return r < 0 ? error_set(error, r, "the registry's log is full") : 0;
}

static int append_all_leaves(PGconn *connection, MerkleTree *tree, Error *error)
{
	for (;;) {
		_cleanup_(PQclearp) PGresult *rows = NULL;
		char from[24];
		const DatabaseValue values[] = { { from, 0 }, { LEAVES_AT_ONCE, 0 } };
		int r;

		snprintf(from, sizeof from, "%llu", (unsigned long long)tree->size);
		r = database_run(connection, sql_registry_leaf_range, values, ELEMENTS(values), &rows, error);
		if (r < 0 || PQntuples(rows) == 0)
			return r;
		for (int i = 0; i < PQntuples(rows); i++) {
			r = append_leaf(tree, PQgetvalue(rows, i, 0), error);
			if (r < 0)
				return r;
		}
	}
}

/** Whether the checkpoint that the database has is the tree's, and signed. */
static int compare_head(
	const MerkleTree *tree, const PGresult *head, const NoteVerifier *signer, Error *error)
{
	const char *note = PQgetvalue(head, 0, 1);
	Checkpoint checkpoint;
	MerkleHash root;
	Error why = { 0 };

	if (strtoull(PQgetvalue(head, 0, 0), NULL, 10) != tree->size)
		return error_set(error, -EBADMSG,
			"the registry's log is damaged: it has %llu leaves, and its head says %s; restore a backup",
			(unsigned long long)tree->size, PQgetvalue(head, 0, 0));
	if (tree->size == 0)
		return 0;
	merkle_tree_root(tree, &root);
	if (checkpoint_open(note, strlen(note), signer, 1, signer->name, &checkpoint, NULL, &why) < 0)
		return error_set(error, -EBADMSG,
			"the checkpoint of the registry's log is not signed by this server's key: %s",
			why.text);
	if (checkpoint.size != tree->size || !merkle_hash_equal(&checkpoint.root, &root))
		return error_set(error, -EBADMSG,
			"the registry's log is damaged: its leaves do not give the root that was signed; restore a backup");
	return 0;
}

int registry_check(PGconn *connection, const NoteVerifier *signer, RegistryFacts *ret, Error *error)
{
	_cleanup_(PQclearp) PGresult *head = NULL;
	RegistryFacts facts = { 0 };
	MerkleTree tree = { 0 };
	MerkleHash root;
	int r = database_run(connection, sql_registry_note, NULL, 0, &head, error);

	if (r < 0)
		return r;
	if (PQntuples(head) != 1)
		return error_set(error, -EBADMSG, "the registry's log has no head: restore a backup");
	r = append_all_leaves(connection, &tree, error);
	r = r < 0 ? r : compare_head(&tree, head, signer, error);
	if (r < 0)
		return r;
	facts.size = tree.size;
	facts.stations = strtoull(PQgetvalue(head, 0, 2), NULL, 10);
	facts.records = strtoull(PQgetvalue(head, 0, 3), NULL, 10);
	merkle_tree_root(&tree, &root);
	merkle_write_hash(&root, facts.root);
	*ret = facts;
	return 0;
}
