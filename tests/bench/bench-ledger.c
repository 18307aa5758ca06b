/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Durable records, many callers in flight and one alone, beside bare SQLite: the same rows with the same
 * hashes, in the same table with the same indexes, in transactions of the same size, equally durable.
 */

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "bench.h"
#include "ledger/ledger.h"
#include "util/digest.h"

enum { ROUNDS = 5, RECORDS = 40000, IN_FLIGHT = 2000, GROUP = 512, ALONE = 1500 };

/* ---- the ledger ---- */

typedef struct Flight {
	Ledger *ledger;
	int sent, answered;
} Flight;

static void count_answer(void *userdata, const LedgerAnswer *answer)
{
	Flight *flight = userdata;

	bench_check(answer->error, answer->text);
	flight->answered++;
}

static json_t *make_body(int i)
{
	return json_pack("{s:i, s:s, s:s, s:s}", "session", 1 + i % 4, "from", "ready", "to", "working",
		"event", "pedal-down");
}

static int send_one(Flight *flight)
{
	json_auto_t *body = make_body(flight->sent);
	LedgerRecord record = { .kind = "session.state", .actor = "b1001", .body = body };
	int r = ledger_append(flight->ledger, &record, count_answer, flight);

	if (r == 0)
		flight->sent++;
	return r;
}

static void serve(Ledger *ledger)
{
	struct pollfd fd = { .fd = ledger_fd(ledger), .events = POLLIN };

	(void)poll(&fd, 1, -1);
	ledger_dispatch(ledger);
}

static double measure_ledger(Ledger *ledger, int records, int in_flight, BenchTimes *times)
{
	Flight flight = { .ledger = ledger };
	int64_t started = bench_now_ns(), sent = started;

	while (flight.answered < records) {
		int before = flight.answered;

		while (flight.sent < records && flight.sent - flight.answered < in_flight)
			bench_check(send_one(&flight), "a record cannot be sent");
		serve(ledger);
		if (times && flight.answered > before) {
			bench_times_add(times, bench_now_ns() - sent);
			sent = bench_now_ns();
		}
	}
	return records / ((double)(bench_now_ns() - started) / 1e9);
}

/* ---- bare SQLite ---- */

typedef struct Raw {
	sqlite3 *db;
	sqlite3_stmt *begin, *insert, *commit;
	Digester *digester;
	int64_t seq;
} Raw;

static void need(Raw *raw, int result)
{
	if (result != SQLITE_OK && result != SQLITE_DONE)
		bench_fail("SQLite: %s", sqlite3_errmsg(raw->db));
}

static void raw_open(Raw *raw, const char *folder)
{
	char path[4096];

	snprintf(path, sizeof path, "%s/raw.db", folder);
	need(raw, sqlite3_open_v2(path, &raw->db,
			  SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL));
	need(raw,
		sqlite3_exec(raw->db,
			"PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA wal_autocheckpoint=0;"
			"CREATE TABLE record(seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, utc_us INTEGER NOT NULL,"
			" session INTEGER, published INTEGER NOT NULL, leaf BLOB NOT NULL, hash BLOB NOT NULL);"
			"CREATE INDEX record_kind ON record(kind, seq);"
			"CREATE INDEX record_session ON record(session, seq) WHERE session IS NOT NULL;",
			NULL, NULL, NULL));
	need(raw, sqlite3_prepare_v2(raw->db, "BEGIN IMMEDIATE", -1, &raw->begin, NULL));
	need(raw, sqlite3_prepare_v2(raw->db, "COMMIT", -1, &raw->commit, NULL));
	need(raw, sqlite3_prepare_v2(
			  raw->db, "INSERT INTO record VALUES(?, ?, ?, ?, ?, ?, ?)", -1, &raw->insert, NULL));
	bench_check(digester_new(&raw->digester), "SHA-256");
}

static void raw_step(Raw *raw, sqlite3_stmt *statement)
{
	need(raw, sqlite3_step(statement));
	sqlite3_reset(statement);
}

static void raw_insert(Raw *raw)
{
	/* of the length of the ledger's own */
	char leaf[512];
	uint8_t hash[DIGEST_BYTES];
	int length = snprintf(leaf, sizeof leaf,
		"{\"actor\":\"b1001\",\"body\":{\"event\":\"pedal-down\",\"from\":\"ready\",\"session\":%d,"
		"\"to\":\"working\"},\"boot\":\"8d5b1ef2-4f0e-4f62-a6a9-1f1f6f9be1e2\",\"kind\":\"session.state\","
		"\"mono\":%lld,\"seq\":%lld,\"station\":\"clinic/chair-1\",\"sync\":true,"
		"\"utc\":\"2026-03-02T10:15:00.000000Z\"}",
		(int)(raw->seq % 4), (long long)raw->seq * 1000, (long long)raw->seq);
	DigestPart parts[2] = { { "\0", 1 }, { leaf, (size_t)length } };

	bench_check(digester_compute(raw->digester, parts, 2, hash), "SHA-256");
	sqlite3_bind_int64(raw->insert, 1, ++raw->seq);
	sqlite3_bind_text(raw->insert, 2, "session.state", -1, SQLITE_STATIC);
	sqlite3_bind_int64(raw->insert, 3, raw->seq * 1000);
	sqlite3_bind_int64(raw->insert, 4, 1 + raw->seq % 4);
	sqlite3_bind_int(raw->insert, 5, 1);
	sqlite3_bind_blob(raw->insert, 6, leaf, length, SQLITE_STATIC);
	sqlite3_bind_blob(raw->insert, 7, hash, sizeof hash, SQLITE_STATIC);
	raw_step(raw, raw->insert);
}

static double measure_raw(Raw *raw, int records, int group, BenchTimes *times)
{
	int64_t started = bench_now_ns(), begun = started;

	for (int i = 0; i < records; i += group) {
		raw_step(raw, raw->begin);
		for (int k = 0; k < group && i + k < records; k++)
			raw_insert(raw);
		raw_step(raw, raw->commit);
		if (times) {
			bench_times_add(times, bench_now_ns() - begun);
			begun = bench_now_ns();
		}
	}
	return records / ((double)(bench_now_ns() - started) / 1e9);
}

static void raw_close(Raw *raw)
{
	sqlite3_finalize(raw->begin);
	sqlite3_finalize(raw->insert);
	sqlite3_finalize(raw->commit);
	sqlite3_close(raw->db);
	digester_free(raw->digester);
}

/* ---- both in turn, so that a change in the machine's mood meets both ---- */

static void measure_many(Ledger *ledger, Raw *raw)
{
	double ours = 0, theirs = 0;

	for (int i = 0; i < ROUNDS; i++) {
		double a = measure_ledger(ledger, RECORDS, IN_FLIGHT, NULL);
		double b = measure_raw(raw, RECORDS, GROUP, NULL);

		ours = a > ours ? a : ours;
		theirs = b > theirs ? b : theirs;
	}
	bench_report(&(BenchFigure){ .bench = "ledger",
		.figure = "durable records, 2000 in flight",
		.unit = "1/s",
		.value = ours,
		.raw = theirs,
		.ratio_min = 0.8 });
}

static void measure_alone(Ledger *ledger, Raw *raw)
{
	BenchTimes ours = { 0 }, theirs = { 0 };

	for (int i = 0; i < ROUNDS; i++) {
		measure_ledger(ledger, ALONE / ROUNDS, 1, &ours);
		measure_raw(raw, ALONE / ROUNDS, 1, &theirs);
	}
	for (int i = 0; i < 2; i++)
		bench_report(&(BenchFigure){ .bench = "ledger",
			.figure = i ? "one record alone, p99" : "one record alone, p50",
			.unit = "us",
			.value = bench_times_us(&ours, i ? 99 : 50),
			.raw = bench_times_us(&theirs, i ? 99 : 50) });
	bench_times_clear(&ours);
	bench_times_clear(&theirs);
}

int main(int argc, char **argv)
{
	const char *folder = bench_folder(argc, argv);
	_cleanup_(ledger_freep) Ledger *ledger = NULL;
	char path[4096], error[LEDGER_TEXT_MAX] = "";
	LedgerInfo info;
	Raw raw = { 0 };

	snprintf(path, sizeof path, "%s/ledger.db", folder);
	if (ledger_open(&(LedgerOptions){ .path = path, .station = "clinic/chair-1", .clock = &clock_system },
		    &ledger, &info, error) < 0)
		bench_fail("%s", error);
	raw_open(&raw, folder);
	measure_many(ledger, &raw);
	measure_alone(ledger, &raw);
	raw_close(&raw);
	return 0;
}
