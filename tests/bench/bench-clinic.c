/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The clinic's server beside what PostgreSQL does at best: one claim, a thousand claims that wait at once,
 * and records that are mirrored. Without the network: the handlers are called as the server's threads call
 * them. The arguments are how libpq reaches an empty database, and the median of pgbench in microseconds.
 */

#include <string.h>

#include "bench.h"
#include "clinic.h"
#include "database-array.h"
#include "record-rows.h"
#include "registry-proofs.h"
#include "registry-queue.h"
#include "tlog/checkpoint.h"
#include "tlog/mirror.h"

enum {
	HOLD = 200,
	SINGLES = 4000,
	GROUP = 1000,
	GROUPS = 20,
	UNITS = SINGLES + GROUP * GROUPS,
	ENTRIES = MIRROR_PACKAGE * MIRROR_PACKAGES_MAX,
	UPLOADS = 4,
	LEVELS = 20,
};

#define NAME   "chair-1"
#define ORIGIN "stipple/clinic/chair-1"

static Clinic clinic;
static Database *database;
static NoteSigner *registry_key, *mirror_key, *station_key;

/* ---- the clinic ---- */

static void do_sql(const char *sql)
{
	PGconn *connection;
	Error error;

	if (database_take(database, &connection, &error) < 0 ||
		database_do(connection, sql, NULL, 0, &error) < 0)
		bench_fail("%s", error.text);
	database_give(database, connection);
}

static void open_clinic(const char *conninfo)
{
	char key[NOTE_KEY_MAX];
	PGconn *connection;
	Error error;

	bench_check(note_signer_generate("clinic.example/registry", &registry_key), "a key");
	bench_check(note_signer_generate("clinic.example/mirror", &mirror_key), "a key");
	bench_check(note_signer_generate(ORIGIN, &station_key), "a key");
	bench_check(database_new(conninfo, 2, &database), "the database");
	if (database_migrate(database, &error) < 0)
		bench_fail("%s", error.text);
	clinic.database = clinic.mirror.database = clinic.registry.database = database;
	clinic.mirror.signers[0] = mirror_key;
	clinic.mirror.registry_signer = clinic.registry.signer = registry_key;
	bench_check(registry_proofs_new(&clinic.registry.proofs), "memory");
	note_verifier_write(note_signer_verifier(station_key), key);
	if (database_take(database, &connection, &error) < 0 ||
		station_enrol(connection, NAME, key, &error) < 0)
		bench_fail("%s", error.text);
	database_give(database, connection);
}

/* ---- claims ---- */

static Ask *make_ask(AskKind kind, const char *body)
{
	const Request request = { .name = NAME, .body = body, .size = strlen(body) };
	Answer refusal;
	Ask *ask = ask_new(kind, &request, &refusal);

	if (!ask)
		bench_fail("%.*s", (int)refusal.size, refusal.body);
	return ask;
}

static Ask *make_claim(unsigned unit)
{
	char body[256], number[REGISTRY_REQUEST_MAX];

	registry_request(number);
	snprintf(body, sizeof body, "{\"request\":\"%s\",\"unit\":\"(01)04012345678901(21)A%06u\"}", number,
		unit);
	return make_ask(ASK_CLAIM, body);
}

static Ask *make_hold(unsigned first)
{
	_cleanup_(freep) char *body = NULL;
	char number[REGISTRY_REQUEST_MAX];
	size_t size;
	FILE *stream = open_memstream(&body, &size);

	registry_request(number);
	fprintf(stream, "{\"request\":\"%s\",\"lot\":\"L1\",\"units\":[", number);
	for (unsigned i = 0; i < HOLD; i++)
		fprintf(stream, "%s\"(01)04012345678901(21)A%06u\"", i ? "," : "", first + i);
	fputs("]}", stream);
	fclose(stream);
	return make_ask(ASK_HOLD, body);
}

static void answer(Ask **asks, size_t n)
{
	(void)!registry_answer_all(&clinic.registry, asks, n);
	for (size_t i = 0; i < n; i++)
		if (asks[i]->answer.status != 200)
			bench_fail("%.*s", (int)asks[i]->answer.size, asks[i]->answer.body);
}

static void free_asks(Ask **asks, size_t n)
{
	for (size_t i = 0; i < n; i++)
		ask_free(asks[i]);
}

static void hold_all(void)
{
	for (unsigned first = 0; first < UNITS; first += HOLD) {
		Ask *ask = make_hold(first);

		answer(&ask, 1);
		ask_free(ask);
	}
	do_sql("VACUUM ANALYZE unit");
}

/** The transaction that pgbench measures, by this client: one row of the table that script/bench made. */
static int64_t update_ns(unsigned number)
{
	char unit[16];
	PGconn *connection;
	int64_t begun;

	snprintf(unit, sizeof unit, "u%u", number + 1);
	bench_check(database_take(database, &connection, NULL), "the database");
	begun = bench_now_ns();
	bench_check(database_do(connection,
			    "UPDATE claimed SET claimed = now(), request = gen_random_uuid() WHERE unit = $1",
			    &(DatabaseValue){ unit, 0 }, 1, NULL),
		"updating");
	begun = bench_now_ns() - begun;
	database_give(database, connection);
	return begun;
}

static void bench_single(double pgbench_us)
{
	BenchTimes times = { 0 }, raw = { 0 };

	for (unsigned i = 0; i < SINGLES; i++) {
		Ask *ask = make_claim(i);
		int64_t begun = bench_now_ns();

		answer(&ask, 1);
		bench_times_add(&times, bench_now_ns() - begun);
		ask_free(ask);
		bench_times_add(&raw, update_ns(i));
	}
	bench_report(&(BenchFigure){ "clinic", "one claim, median; raw is one row, by turns", "us",
		bench_times_us(&times, 50), bench_times_us(&raw, 50), .ratio_max = 1.3 });
	bench_report(&(BenchFigure){ "clinic", "one claim, median; raw is pgbench, before it", "us",
		bench_times_us(&times, 50), pgbench_us, .ratio_max = 1.3 });
	bench_times_clear(&times);
	bench_times_clear(&raw);
}

/** Inserts GROUP rows with one statement. */
static int64_t insert_ns(PGconn *connection, unsigned first)
{
	DatabaseArray units, requests;
	DatabaseValue values[2];
	char text[64];
	int64_t begun;

	bench_check(array_begin(&units), "memory");
	bench_check(array_begin(&requests), "memory");
	for (unsigned i = 0; i < GROUP; i++) {
		snprintf(text, sizeof text, "(01)04012345678901(21)A%06u", first + i);
		array_add_text(&units, text);
		registry_request(text);
		array_add_text(&requests, text);
	}
	bench_check(array_end(&units, &values[0]), "memory");
	bench_check(array_end(&requests, &values[1]), "memory");
	begun = bench_now_ns();
	bench_check(
		database_do(connection,
			"INSERT INTO raw SELECT unit, 1, now(), request FROM unnest($1::text[], $2::uuid[]) AS r(unit, request)",
			values, 2, NULL),
		"inserting");
	begun = bench_now_ns() - begun;
	array_clear(&units);
	array_clear(&requests);
	return begun;
}

static int64_t claim_ns(unsigned first)
{
	Ask *asks[GROUP];
	int64_t begun;

	for (unsigned i = 0; i < GROUP; i++)
		asks[i] = make_claim(first + i);
	begun = bench_now_ns();
	answer(asks, GROUP);
	begun = bench_now_ns() - begun;
	free_asks(asks, GROUP);
	return begun;
}

/** Both by turns, so that what else runs on the machine slows both. */
static void bench_grouped(void)
{
	BenchTimes ours = { 0 }, raw = { 0 };
	PGconn *connection;

	do_sql("CREATE TABLE raw(unit text PRIMARY KEY, station integer, at timestamptz, request uuid)");
	if (database_take(database, &connection, NULL) < 0)
		bench_fail("the database is away");
	for (unsigned i = 0; i < GROUPS; i++) {
		bench_times_add(&raw, insert_ns(connection, i * GROUP));
		bench_times_add(&ours, claim_ns(SINGLES + i * GROUP));
	}
	database_give(database, connection);
	bench_report(&(BenchFigure){ "clinic", "claims that wait at once; raw is rows of INSERT", "1/s",
		GROUP / bench_times_us(&ours, 50) * 1e6, GROUP / bench_times_us(&raw, 50) * 1e6,
		.ratio_min = 0.5 });
	bench_times_clear(&ours);
	bench_times_clear(&raw);
}

/* ---- records ---- */

/** A station's log in memory, with all nodes of its tree. */
typedef struct Log {
	char *leaves[ENTRIES * UPLOADS];
	MerkleHash *levels[LEVELS];
	MerkleTree tree;
} Log;

static int keep_log_node(void *userdata, unsigned level, uint64_t index, const MerkleHash *hash)
{
	((Log *)userdata)->levels[level][index] = *hash;
	return 0;
}

static int read_log_node(void *userdata, unsigned level, uint64_t index, MerkleHash *ret)
{
	*ret = ((Log *)userdata)->levels[level][index];
	return 0;
}

static void append_record(Log *log)
{
	uint64_t i = log->tree.size;
	MerkleHash hash;

	if (asprintf(&log->leaves[i],
		    "{\"actor\":\"b1\",\"body\":{\"dots\":%u,\"needle\":\"(01)04012345678901(21)A%06u\",\"points\":[[1021,2044,311],[1022,2046,312],"
		    "[1024,2049,317],[1029,2051,322],[1033,2054,325],[1040,2058,330],[1041,2061,333],[1047,2066,337],[1050,2070,341],[1053,2072,344]],"
		    "\"session\":%u,\"zone\":\"crown\"},\"boot\":\"4b6de5d1-6ff7-4b5b-8f46-2d9f4b9c6f3e\",\"kind\":\"strokes\",\"mono\":%llu,"
		    "\"seq\":%llu,\"station\":\"clinic/chair-1\",\"sync\":true,\"utc\":\"2026-11-03T10:%02u:%02u.000000Z\"}",
		    (unsigned)i % 60, (unsigned)i / 500, (unsigned)i / 2000, (unsigned long long)i * 7919,
		    (unsigned long long)i + 1, (unsigned)i / 60 % 60, (unsigned)i % 60) < 0)
		bench_fail("no memory");
	merkle_hash_leaf(log->leaves[i], strlen(log->leaves[i]), &hash);
	log->levels[0][i] = hash;
	bench_check(merkle_append(&log->tree, &hash, keep_log_node, log), "appending");
}

static const Route *const areas[] = { mirror_routes, registry_routes, NULL };

static void send_body(const char *path, char *body, size_t size)
{
	Request request = { .method = "POST", .path = path, .name = NAME, .body = body, .size = size };
	bool other;
	const Route *route = route_find(areas, false, "POST", path, &request.rest, &other);
	Answer answered = route->handler(&clinic, &request);

	if (answered.status != 200)
		bench_fail("%s: %u %.*s", path, answered.status, (int)answered.size, answered.body);
	answer_clear(&answered);
}

static void send_checkpoint(Log *log, uint64_t old_size)
{
	const MerkleReader reader = { .node = read_log_node, .userdata = log };
	Checkpoint checkpoint = { .origin = ORIGIN, .size = log->tree.size };
	_cleanup_(freep) char *note = NULL, *body = NULL;
	char hash[MERKLE_HASH_TEXT_MAX];
	MerklePath path;
	size_t size;
	FILE *stream = open_memstream(&body, &size);

	merkle_tree_root(&log->tree, &checkpoint.root);
	bench_check(checkpoint_sign(&checkpoint, station_key, &note), "signing");
	bench_check(merkle_prove_consistency(&reader, old_size, log->tree.size, &path), "proving");
	fprintf(stream, "old %llu\n", (unsigned long long)old_size);
	for (size_t i = 0; i < path.n; i++) {
		merkle_write_hash(&path.hashes[i], hash);
		fprintf(stream, "%s\n", hash);
	}
	fprintf(stream, "\n%s", note);
	fclose(stream);
	send_body("/add-checkpoint", body, size);
}

/** The body of add-entries; its memory is the caller's. */
static char *make_upload(Log *log, uint64_t start, size_t *ret_size)
{
	const MerkleReader reader = { .node = read_log_node, .userdata = log };
	MirrorUpload upload = { .origin = ORIGIN, .start = start, .end = log->tree.size };
	MirrorPackage package;
	char *body = NULL;
	FILE *stream = open_memstream(&body, ret_size);

	mirror_write_upload(stream, &upload);
	for (uint64_t i = 0; i < mirror_packages(&upload); i++) {
		package.range = mirror_range(&upload, i);
		for (uint64_t seq = package.range.start; seq < package.range.end; seq++)
			package.entries[seq - package.range.start] =
				(DigestPart){ log->leaves[seq], strlen(log->leaves[seq]) };
		bench_check(merkle_prove_subtree(&reader, package.range.begin, package.range.end, upload.end,
				    &package.proof),
			"proving");
		bench_check(mirror_write_package(stream, &package), "writing");
	}
	fclose(stream);
	return body;
}

/** The same rows again, as another station's, by COPY alone. */
static int64_t copy_ns(const Log *log, uint64_t start)
{
	RecordRows *rows;
	PGconn *connection;
	int64_t begun;
	Error error;

	bench_check(record_rows_new(&rows), "memory");
	for (uint64_t seq = start; seq < start + ENTRIES; seq++) {
		json_t *record;

		bench_check(
			record_rows_add(rows, "999", seq,
				(DigestPart){ log->leaves[seq], strlen(log->leaves[seq]) }, &record, &error),
			"a row");
		json_decref(record);
	}
	bench_check(database_take(database, &connection, &error), "the database");
	begun = bench_now_ns();
	bench_check(database_do(connection, "BEGIN", NULL, 0, &error), "beginning");
	bench_check(record_rows_store(rows, connection, &error), "COPY");
	bench_check(database_do(connection, "COMMIT", NULL, 0, &error), "committing");
	begun = bench_now_ns() - begun;
	database_give(database, connection);
	record_rows_free(rows);
	return begun;
}

static void bench_mirror(void)
{
	BenchTimes ours = { 0 }, raw = { 0 };
	Log *log = calloc(1, sizeof *log);

	if (!log)
		bench_fail("no memory");
	for (unsigned level = 0; level < LEVELS; level++)
		log->levels[level] = calloc(ENTRIES * UPLOADS, sizeof(MerkleHash));
	for (unsigned i = 0; i < UPLOADS; i++) {
		uint64_t start = log->tree.size;
		char *body;
		size_t size;
		int64_t begun;

		while (log->tree.size < start + ENTRIES)
			append_record(log);
		send_checkpoint(log, start);
		body = make_upload(log, start, &size);
		begun = bench_now_ns();
		send_body("/add-entries", body, size);
		bench_times_add(&ours, bench_now_ns() - begun);
		bench_times_add(&raw, copy_ns(log, start));
		free(body);
	}
	bench_report(&(BenchFigure){ "clinic", "records mirrored; raw is COPY of the same rows", "1/s",
		ENTRIES / bench_times_us(&ours, 50) * 1e6, ENTRIES / bench_times_us(&raw, 50) * 1e6,
		.ratio_min = 0.25 });
	bench_times_clear(&ours);
	bench_times_clear(&raw);
	for (unsigned level = 0; level < LEVELS; level++)
		free(log->levels[level]);
	for (uint64_t i = 0; i < log->tree.size; i++)
		free(log->leaves[i]);
	free(log);
}

int main(int argc, char **argv)
{
	if (argc != 3) {
		fprintf(stderr, "Usage: %s CONNINFO PGBENCH_US\n\nRun by script/bench.\n", argv[0]);
		return 2;
	}
	open_clinic(argv[1]);
	hold_all();
	bench_single(strtod(argv[2], NULL));
	bench_grouped();
	bench_mirror();
	registry_proofs_free(clinic.registry.proofs);
	database_free(database);
	note_signer_free(registry_key);
	note_signer_free(mirror_key);
	note_signer_free(station_key);
	return 0;
}
