/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Durable records with their tree and its checkpoints, many callers in flight and one alone, beside bare
 * SQLite without them: the same rows with the same hashes, in the same table with the same indexes, in
 * transactions of the same size, equally durable.
 */

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "bench-sqlite.h"
#include "ledger/ledger.h"

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

/* ---- both in turn, so that a change in the machine's mood meets both ---- */

static void measure_many(Ledger *ledger, BareSqlite *raw)
{
	double ours = 0, theirs = 0;

	for (int i = 0; i < ROUNDS; i++) {
		double a = measure_ledger(ledger, RECORDS, IN_FLIGHT, NULL);
		double b = bare_measure(raw, RECORDS, GROUP, NULL);

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

static void measure_alone(Ledger *ledger, BareSqlite *raw)
{
	BenchTimes ours = { 0 }, theirs = { 0 };

	for (int i = 0; i < ROUNDS; i++) {
		measure_ledger(ledger, ALONE / ROUNDS, 1, &ours);
		bare_measure(raw, ALONE / ROUNDS, 1, &theirs);
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
	char path[4096], keys[4096];
	Error error;
	LedgerInfo info;
	BareSqlite raw = { 0 };

	snprintf(path, sizeof path, "%s/ledger.db", folder);
	snprintf(keys, sizeof keys, "%s/keys", folder);
	if (ledger_open(&(LedgerOptions){ .path = path,
				.station = "clinic/chair-1",
				.clock = &clock_system,
				.keys = keys,
				.checkpoint_records = 1000,
				.checkpoint_s = 600 },
		    &ledger, &info, &error) < 0)
		bench_fail("%s", error.text);
	bare_open(&raw, folder);
	measure_many(ledger, &raw);
	measure_alone(ledger, &raw);
	bare_close(&raw);
	return 0;
}
