/* SPDX-License-Identifier: Apache-2.0 */

/** The head of the registry's log, and its leaves with their proofs. It must not append without the lock. */

#include "registry-log.h"

#include <string.h>
#include <time.h>

#include <sys/random.h>

#include "clinic-sql.h"
#include "registry-batch.h"
#include "util/clock.h"
#include "util/digest.h"

enum { NUMBER_MAX = 24 };

static int damaged(Error *error)
{
	return error_set(error, -EIO, "the registry's log in the database is damaged");
}

/** A bytea's text, \x..., to exactly `size` bytes. */
static int read_bytes(const char *text, void *ret, size_t size)
{
	return strncmp(text, "\\x", 2) == 0 && hex_decode(text + 2, ret, size) >= 0 ? 0 : -EBADMSG;
}

static int read_edge(uint64_t size, const char *text, MerkleTree *ret)
{
	MerkleHash hashes[MERKLE_LEVELS];
	size_t n = (size_t)__builtin_popcountll(size), at = 0;

	if (read_bytes(text, hashes, n * sizeof hashes[0]) < 0)
		return -EBADMSG;
	*ret = (MerkleTree){ .size = size };
	for (unsigned level = 0; level < MERKLE_LEVELS; level++)
		if (size >> level & 1)
			ret->edge[level] = hashes[at++];
	return 0;
}

int registry_read_head(const PGresult *row, RegistryHead *ret, Error *error)
{
	if (PQntuples(row) != 1)
		return damaged(error);
	ret->size = strtoull(PQgetvalue(row, 0, 0), NULL, 10);
	ret->seen = strtoull(PQgetvalue(row, 0, 2), NULL, 10);
	ret->forked = PQgetvalue(row, 0, 3)[0] == 't';
	return read_edge(ret->size, PQgetvalue(row, 0, 1), &ret->tree) < 0 ? damaged(error) : 0;
}

int registry_lock(PGconn *connection, RegistryHead *ret, Error *error)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	int r = database_run(connection, sql_lock_registry, NULL, 0, &row, error);

	return r < 0 ? r : registry_read_head(row, ret, error);
}

static int store_batch(PGconn *connection, RegistryBatch *batch, Error *error)
{
	DatabaseStep step;
	int r = registry_batch_step(batch, &step, error);

	return r < 0 ? r : database_do(connection, step.sql, step.values, step.n, error);
}

int registry_append(
	PGconn *connection, const RegistryHead *head, const NoteSigner *signer, json_t *leaf, Error *error)
{
	_cleanup_(registry_batch_freep) RegistryBatch *batch = NULL;
	int r;

	if (registry_batch_new(head, &batch) < 0) {
		json_decref(leaf);
		return error_set(error, -EIO, "no memory for the registry's record");
	}
	r = registry_batch_add(batch, leaf, error);
	r = r < 0 ? r : registry_batch_sign(batch, signer, error);
	return r < 0 ? r : store_batch(connection, batch, error);
}

/* ---- proofs ---- */

/** The nodes beside one leaf's path, and the tree's edge. */
typedef struct Beside {
	uint64_t seq;
	bool there[MERKLE_LEVELS];
	MerkleHash hashes[MERKLE_LEVELS];
	MerkleTree tree;
} Beside;

static int read_beside(void *userdata, unsigned level, uint64_t index, MerkleHash *ret)
{
	const Beside *beside = userdata;
	uint64_t size = beside->tree.size;

	if (beside->there[level] && index == (beside->seq >> level ^ 1))
		*ret = beside->hashes[level];
	else if (size >> level & 1 && index == (size >> level) - 1)
		*ret = beside->tree.edge[level];
	else
		return -ENOENT;
	return 0;
}

static int fill_beside(const PGresult *rows, uint64_t seq, Beside *ret)
{
	*ret = (Beside){ .seq = seq };
	if (read_edge(strtoull(PQgetvalue(rows, 0, 0), NULL, 10), PQgetvalue(rows, 0, 2), &ret->tree) < 0)
		return -EBADMSG;
	for (int i = 0; i < PQntuples(rows); i++) {
		unsigned long level = strtoul(PQgetvalue(rows, i, 4), NULL, 10);

		if (PQgetisnull(rows, i, 4))
			continue;
		if (level >= MERKLE_LEVELS ||
			read_bytes(PQgetvalue(rows, i, 5), ret->hashes[level].bytes, DIGEST_BYTES) < 0)
			return -EBADMSG;
		ret->there[level] = true;
	}
	return 0;
}

int registry_prove(PGconn *connection, uint64_t seq, json_t **ret, Error *error)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	Beside beside;
	const MerkleReader reader = { .node = read_beside, .userdata = &beside };
	char text[NUMBER_MAX];
	unsigned char *leaf;
	size_t size;
	int r;

	snprintf(text, sizeof text, "%llu", (unsigned long long)seq);
	r = database_run(connection, sql_prove_registry, &(DatabaseValue){ text, 0 }, 1, &rows, error);
	if (r < 0)
		return r;
	if (PQntuples(rows) == 0)
		return error_set(error, -EIO, "the registry's log has no leaf %llu", (unsigned long long)seq);
	if (fill_beside(rows, seq, &beside) < 0)
		return damaged(error);
	leaf = PQunescapeBytea((unsigned char *)PQgetvalue(rows, 0, 3), &size);
	r = leaf ? registry_pack_proof(
			   seq, leaf, size, &reader, beside.tree.size, PQgetvalue(rows, 0, 1), ret)
		 : -ENOMEM;
	PQfreemem(leaf);
	return r < 0 ? error_set(error, -EIO, "the registry cannot prove leaf %llu: %s",
			       (unsigned long long)seq, strerror(-r))
		     : 0;
}

/* ---- leaves ---- */

json_t *registry_leaf(const char *kind, const char *origin, const char *request, json_t *more)
{
	char utc[CLOCK_UTC_TEXT_MAX];
	json_t *leaf;

	clock_format_utc((int64_t)time(NULL) * USEC_PER_SEC, utc);
	leaf = json_pack(
		"{s:s, s:s, s:s, s:s}", "kind", kind, "station", origin, "request", request, "utc", utc);
	if (!leaf || !more || json_object_update(leaf, more) < 0) {
		json_decref(leaf);
		leaf = NULL;
	}
	json_decref(more);
	return leaf;
}

void registry_request(char ret[REGISTRY_REQUEST_MAX])
{
	unsigned char b[16];

	if (getrandom(b, sizeof b, 0) != (ssize_t)sizeof b)
		abort();
	b[6] = (unsigned char)((b[6] & 15) | 0x40);
	b[8] = (unsigned char)((b[8] & 63) | 0x80);
	snprintf(ret, REGISTRY_REQUEST_MAX,
		"%02x%02x%02x%02x-%02x%02x-%02x%02x-%02x%02x-%02x%02x%02x%02x%02x%02x", b[0], b[1], b[2],
		b[3], b[4], b[5], b[6], b[7], b[8], b[9], b[10], b[11], b[12], b[13], b[14], b[15]);
}
