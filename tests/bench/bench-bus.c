/* SPDX-License-Identifier: Apache-2.0 */

/**
 * One caller over D-Bus: a needle claimed end to end, from the call to its answer, which comes after the
 * commit and after the checkpoint that seals it is durable beside the ledger. Beside it, on the same disk:
 * one row committed by bare SQLite, one checkpoint signed and put durably into its file. The session is
 * prepared by script/bench.
 */

#include <stdio.h>
#include <string.h>

#include <systemd/sd-bus.h>

#include "bench-sqlite.h"
#include "tlog/checkpoint.h"
#include "tlog/note.h"
#include "util/file.h"

enum { ROUNDS = 10, CLAIMS = 50 };

static void call(sd_bus *bus, const char *member, const char *argument)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(bus, "org.stipple.Station1", "/org/stipple/Station1/Session",
		"org.stipple.Session1", member, &error, NULL, "s", argument);

	if (r < 0)
		bench_fail("%s: %s", member, error.message);
}

/** The sign-in belongs to the connection that asked for it, and to those that present its token. */
static void present(sd_bus *bus, const char *token)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	int r = sd_bus_call_method(bus, "org.stipple.Station1", "/org/stipple/Station1",
		"org.stipple.Station1", "Present", &error, NULL, "s", token);

	if (r < 0)
		bench_fail("Present: %s", error.message);
}

static void measure_claims(sd_bus *bus, int first, BenchTimes *times)
{
	char code[64];

	for (int i = first; i < first + CLAIMS; i++) {
		int64_t started = bench_now_ns();

		snprintf(code, sizeof code,
			"]d2010401234567890117311231"
			"10L1\x1d"
			"21B%d",
			i);
		call(bus, "MountNeedle", code);
		bench_times_add(times, bench_now_ns() - started);
		call(bus, "RemoveNeedle", "measured");
	}
}

/** The least that a claim asks of processor and disk. */
static void measure_bare(BareSqlite *bare, const NoteSigner *signer, const char *folder, BenchTimes *times)
{
	Checkpoint checkpoint = { 0 };

	snprintf(checkpoint.origin, sizeof checkpoint.origin, "%s", note_signer_verifier(signer)->name);
	bare_begin_log(bare);
	for (int i = 0; i < CLAIMS; i++) {
		int64_t started = bench_now_ns();
		_cleanup_(freep) char *note = NULL;

		bare_commit_row(bare);
		checkpoint.size = (uint64_t)bare->seq;
		bench_check(checkpoint_sign(&checkpoint, signer, &note), "a checkpoint");
		bench_check(file_write_atomic(folder, "bare.checkpoint", note, strlen(note)), "its file");
		bench_times_add(times, bench_now_ns() - started);
	}
}

int main(int argc, char **argv)
{
	BenchTimes ours = { 0 }, theirs = { 0 };
	BareSqlite bare = { 0 };
	_cleanup_(note_signer_freep) NoteSigner *signer = NULL;
	sd_bus *bus = NULL;

	if (argc != 4)
		bench_fail(
			"Usage: %s FOLDER ADDRESS TOKEN\n\nRun by script/bench, with a station at ADDRESS and the "
			"token of a sign-in.",
			argv[0]);
	bench_check(sd_bus_new(&bus), "a bus");
	bench_check(sd_bus_set_address(bus, argv[2]), argv[2]);
	bench_check(sd_bus_set_bus_client(bus, 1), argv[2]);
	bench_check(sd_bus_start(bus), argv[2]);
	present(bus, argv[3]);
	bench_check(note_signer_generate("stipple/clinic/bare", &signer), "a key");
	bare_open(&bare, argv[1]);
	for (int i = 0; i < ROUNDS; i++) {
		measure_claims(bus, i * CLAIMS, &ours);
		measure_bare(&bare, signer, argv[1], &theirs);
	}
	for (int i = 0; i < 2; i++)
		bench_report(&(BenchFigure){ .bench = "bus",
			.figure = i ? "a needle claimed over D-Bus, p99" : "a needle claimed over D-Bus, p50",
			.unit = "us",
			.value = bench_times_us(&ours, i ? 99 : 50),
			.raw = bench_times_us(&theirs, i ? 99 : 50),
			.ratio_max = 3 });
	bare_close(&bare);
	sd_bus_flush_close_unref(bus);
	bench_times_clear(&ours);
	bench_times_clear(&theirs);
	return 0;
}
