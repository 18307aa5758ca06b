/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Brings back leaves. It must not take one that the registry's own signature does not cover, and must not
 * forget a checkpoint that contradicts the log.
 */

#include "registry-replay.h"

#include <string.h>

#include "clinic-sql.h"
#include "clinic.h"
#include "registry-batch.h"
#include "tlog/checkpoint.h"
#include "tlog/tlog-text.h"

enum { NUMBER_MAX = 24 };

typedef struct Replay {
	const Registry *registry;
	PGconn *connection;
	json_t *body;
	const char *note;
	Checkpoint shown;
	uint64_t from;
	RegistryHead head;
	RegistryBatch *batch;
	json_t *leaves; /* those that are missing, as objects */
	Error error;
} Replay;

static void replay_done(Replay *replay)
{
	json_decref(replay->body);
	json_decref(replay->leaves);
	registry_batch_free(replay->batch);
	if (replay->connection)
		database_abandon(replay->registry->database, replay->connection);
}

static Answer read_replay(Replay *replay, const Request *request)
{
	const NoteVerifier *own = note_signer_verifier(replay->registry->signer);
	const json_t *from;

	replay->body = json_loadb(request->body, request->size, JSON_REJECT_DUPLICATES, NULL);
	replay->note = json_string_value(json_object_get(replay->body, "checkpoint"));
	from = json_object_get(replay->body, "from");
	if (!replay->note || !json_is_integer(from) || json_integer_value(from) < 0 ||
		!json_is_array(json_object_get(replay->body, "leaves")))
		return answer_problem(400, "Bad request",
			"\"from\" must be the number of the first leaf, \"leaves\" a list, and \"checkpoint\" a signed note");
	replay->from = (uint64_t)json_integer_value(from);
	if (checkpoint_open(replay->note, strlen(replay->note), own, 1, own->name, &replay->shown, NULL,
		    &replay->error) < 0)
		return answer_problem(403, "Not signed by the registry", "%s", replay->error.text);
	return (Answer){ 0 };
}

static int begin_replay(Replay *replay)
{
	int r = database_take(replay->registry->database, &replay->connection, &replay->error);

	r = r < 0 ? r : database_do(replay->connection, "BEGIN", NULL, 0, &replay->error);
	return r < 0 ? r : registry_lock(replay->connection, &replay->head, &replay->error);
}

/* ---- a checkpoint of what is here ---- */

static int read_stored_node(void *userdata, unsigned level, uint64_t index, MerkleHash *ret)
{
	Replay *replay = userdata;
	_cleanup_(PQclearp) PGresult *row = NULL;
	char levels[NUMBER_MAX], number[NUMBER_MAX];
	const DatabaseValue values[] = { { levels, 0 }, { number, 0 } };
	const char *text;
	int r;

	snprintf(levels, sizeof levels, "%u", level);
	snprintf(number, sizeof number, "%llu", (unsigned long long)index);
	r = database_run(
		replay->connection, sql_registry_node, values, ELEMENTS(values), &row, &replay->error);
	if (r < 0)
		return r;
	text = PQntuples(row) == 1 ? PQgetvalue(row, 0, 0) : "";
	return strncmp(text, "\\x", 2) == 0 && hex_decode(text + 2, ret->bytes, sizeof ret->bytes) >= 0
		       ? 0
		       : error_set(&replay->error, -EIO, "the registry's log in the database is damaged");
}

static Answer answer_size(uint64_t size)
{
	char *text = NULL;

	if (asprintf(&text, "{\"size\":%llu}", (unsigned long long)size) < 0)
		text = NULL;
	return answer_text(200, "application/json", text);
}

/** Two logs that the registry signed: which of them is true, only people can say. */
static Answer keep_fork(Replay *replay)
{
	static const char says[] =
		"a station shows a checkpoint that the registry signed, and that contradicts the log here: the wrong backup was restored";
	const DatabaseValue values[] = { { "registry.forked", 0 }, { says, 0 }, { replay->note, 0 } };
	int r = database_do(replay->connection, sql_keep_fork, values, ELEMENTS(values), &replay->error);

	r = r < 0 ? r : database_do(replay->connection, "COMMIT", NULL, 0, &replay->error);
	return r < 0 ? answer_trouble(&replay->error)
		     : answer_problem(409, "Another log",
			       "%s; nothing is granted until the right one is restored", says);
}

static Answer compare_with_stored(Replay *replay)
{
	const MerkleReader reader = { .node = read_stored_node, .userdata = replay };
	MerkleTree tree;
	MerkleHash root;

	if (merkle_tree_read(&reader, replay->shown.size, &tree) < 0)
		return answer_trouble(&replay->error);
	merkle_tree_root(&tree, &root);
	return merkle_hash_equal(&root, &replay->shown.root) ? answer_size(replay->head.size)
							     : keep_fork(replay);
}

/* ---- bringing back ---- */

static int bring_leaf(Replay *replay, const char *encoded)
{
	_cleanup_(freep) uint8_t *leaf = NULL;
	json_t *object;
	size_t size;

	if (!encoded || base64_decode((Slice){ encoded, strlen(encoded) }, &leaf, &size) < 0)
		return -EINVAL;
	object = json_loadb((const char *)leaf, size, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(object) || json_array_append_new(replay->leaves, object) < 0) {
		json_decref(object);
		return -EINVAL;
	}
	return registry_batch_add_bytes(replay->batch, leaf, size, &replay->error);
}

/** Adds the leaves that are missing; the log's own lock on growing does not hold for them. */
static int bring_leaves(Replay *replay)
{
	const json_t *leaves = json_object_get(replay->body, "leaves");
	RegistryHead head = replay->head;
	int r;

	head.seen = 0;
	replay->leaves = json_array();
	if (!replay->leaves || registry_batch_new(&head, &replay->batch) < 0)
		return error_set(&replay->error, -EIO, "no memory for leaves");
	r = registry_may_append(&head, &replay->error);
	for (uint64_t seq = head.size; seq < replay->shown.size && r >= 0; seq++)
		r = bring_leaf(replay, json_string_value(json_array_get(leaves, seq - replay->from)));
	return r;
}

/** What the leaves say is true again. */
static int store_leaves(Replay *replay)
{
	_cleanup_(freep) char *text = json_dumps(replay->leaves, JSON_COMPACT);
	char first[NUMBER_MAX];
	const DatabaseValue values[] = { { text, 0 }, { first, 0 } };
	DatabaseStep steps[7];
	PGresult *results[ELEMENTS(steps)];
	size_t n = 0;
	int r;

	if (!text)
		return error_set(&replay->error, -EIO, "no memory for leaves");
	snprintf(first, sizeof first, "%llu", (unsigned long long)replay->head.size);
	r = registry_batch_take_note(replay->batch, replay->note, &replay->error);
	r = r < 0 ? r : registry_batch_step(replay->batch, &steps[n++], &replay->error);
	if (r < 0)
		return r;
	steps[n++] = (DatabaseStep){ sql_replay_stations, values, 1 };
	steps[n++] = (DatabaseStep){ sql_replay_units, values, 2 };
	steps[n++] = (DatabaseStep){ sql_replay_ranges, values, 2 };
	steps[n++] = (DatabaseStep){ sql_replay_shared, values, 2 };
	steps[n++] = (DatabaseStep){ sql_replay_quarantines, values, 1 };
	steps[n++] = (DatabaseStep){ "COMMIT", NULL, 0 };
	r = database_pipeline(replay->connection, steps, n, results, &replay->error);
	for (size_t i = 0; i < n; i++)
		PQclear(results[i]);
	return r;
}

static Answer bring_back(Replay *replay)
{
	MerkleHash root;
	int r;

	if (replay->from > replay->head.size)
		return answer_problem(409, "Leaves missing",
			"the log ends at %llu here: begin with that leaf",
			(unsigned long long)replay->head.size);
	r = bring_leaves(replay);
	if (r == -EINVAL)
		return answer_problem(422, "Not proved",
			"the leaves from \"from\" up to the checkpoint's size are expected");
	if (r < 0)
		return answer_trouble(&replay->error);
	registry_batch_root(replay->batch, &root);
	if (!merkle_hash_equal(&root, &replay->shown.root))
		return answer_problem(422, "Not proved",
			"the log here and these leaves are not what the checkpoint covers");
	return store_leaves(replay) < 0 ? answer_trouble(&replay->error) : answer_size(replay->shown.size);
}

Answer registry_handle_replay(const Clinic *clinic, Request *request)
{
	_cleanup_(replay_done) Replay replay = { .registry = &clinic->registry };
	Answer refusal = read_replay(&replay, request);

	if (refusal.status)
		return refusal;
	if (begin_replay(&replay) < 0)
		return answer_trouble(&replay.error);
	return replay.shown.size <= replay.head.size ? compare_with_stored(&replay) : bring_back(&replay);
}
