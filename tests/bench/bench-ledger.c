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

enum { ROUNDS = 5, RECORDS = 40000, IN_FLIGHT = 2000, GROUP = 512, ALONE = 1500, CLAIMS = 2000 };

#define STATION "stipple/clinic/chair-1"

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

/* ---- claims: of what the station holds, beside any ---- */

/** Takes ownership of `body`. */
static void put_on_record(Flight *flight, const char *kind, json_t *body)
{
	LedgerRecord record = { .kind = kind, .actor = "b1001", .body = body };
	int answered = flight->answered;

	bench_check(ledger_append(flight->ledger, &record, count_answer, flight), kind);
	json_decref(body);
	while (flight->answered == answered)
		serve(flight->ledger);
}

static void receive_lot(Flight *flight, const char *lot)
{
	put_on_record(flight, "lot.received",
		json_pack("{s:s, s:s, s:s, s:s, s:i}", "lot", lot, "product", "1RL 0.25", "maker", "M",
			"expiry", "2099-01-01", "quantity", 2 * CLAIMS));
}

/** Puts a leaf of the registry on record, whose proof nobody looks at here. Takes ownership of `leaf`. */
static void hear_leaf(Flight *flight, int number, json_t *leaf)
{
	_cleanup_(freep) char *text = json_dumps(leaf, JSON_COMPACT | JSON_SORT_KEYS);

	put_on_record(flight, "clinic.leaf",
		json_pack("{s:i, s:O, s:s, s:s}", "number", number, "kind", json_object_get(leaf, "kind"),
			"leaf", text, "proof", "-"));
	json_decref(leaf);
}

static json_t *leaf_of(const char *kind, json_t *more)
{
	json_t *leaf = json_pack("{s:s, s:s}", "kind", kind, "station", STATION);

	json_object_update_new(leaf, more);
	return leaf;
}

static json_t *make_claim(const char *lot, int i, bool held)
{
	char unit[64];

	snprintf(unit, sizeof unit, "(01)04012345678901(21)%s%05d", lot, i);
	return json_pack("{s:i, s:s, s:s, s:s, s:b}", "session", 1, "unit", unit, "lot", lot, "code", unit,
		"held", held);
}

/** All of the second lot is granted, in leaves of 200 cartridges. */
static void grant_all(Flight *flight)
{
	json_t *units = json_array();
	int number = 0;

	put_on_record(flight, "clinic.joined",
		json_pack("{s:s, s:s, s:s}", "station", STATION, "name", "chair-1", "registry",
			"clinic.example/registry+e4325c6f+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"));
	hear_leaf(flight, number++,
		leaf_of("boot.confirmed", json_pack("{s:s}", "boot", clock_read(&clock_system).boot_id)));
	for (int i = 0; i < CLAIMS; i++) {
		json_t *claim = make_claim("H", i, true);

		json_array_append(units, json_object_get(claim, "unit"));
		json_decref(claim);
		if (json_array_size(units) < 200 && i + 1 < CLAIMS)
			continue;
		hear_leaf(flight, number++,
			leaf_of("units.granted", json_pack("{s:s, s:o}", "lot", "H", "units", units)));
		units = json_array();
	}
	json_decref(units);
}

static void measure_claims(Ledger *ledger)
{
	Flight flight = { .ledger = ledger };
	BenchTimes held = { 0 }, any = { 0 };

	receive_lot(&flight, "A");
	receive_lot(&flight, "H");
	grant_all(&flight);
	for (int i = 0; i < 2 * CLAIMS; i++) {
		json_t *claim = make_claim(i % 2 ? "H" : "A", i / 2, i % 2);
		int64_t started = bench_now_ns();

		put_on_record(&flight, "needle.claimed", claim);
		bench_times_add(i % 2 ? &held : &any, bench_now_ns() - started);
	}
	for (int i = 0; i < 2; i++)
		bench_report(&(BenchFigure){ .bench = "ledger",
			.figure = i ? "a claim of what is held, beside any, p99"
				    : "a claim of what is held, beside any, p50",
			.unit = "us",
			.value = bench_times_us(&held, i ? 99 : 50),
			.raw = bench_times_us(&any, i ? 99 : 50),
			.ratio_max = 1.1 });
	bench_times_clear(&held);
	bench_times_clear(&any);
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
	measure_claims(ledger);
	bare_close(&raw);
	return 0;
}
