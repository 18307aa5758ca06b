/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A ledger in a folder of its own, with a clock that stands still, for the tests of the ledger. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "ledger/ledger-private.h"

static __attribute__((__unused__)) _Atomic int64_t fake_utc_us =
	1772445600LL * USEC_PER_SEC; /* 2026-03-02T10:00:00Z */

static __attribute__((__unused__)) _Atomic int64_t fake_monotonic_us = 1;

static __attribute__((__unused__)) _Atomic bool fake_unsynchronized;

static inline void fake_read(void *userdata, ClockReading *ret)
{
	*ret = (ClockReading){
		.utc_us = fake_utc_us, .monotonic_us = fake_monotonic_us, .synchronized = !fake_unsynchronized
	};
	memset(ret->boot_id, 'b', 32);
}

static const Clock fake_clock = { .read = fake_read };

/** Generous, because the disk of a loaded machine is slow but not dead. */
static __attribute__((__unused__)) uint32_t fixture_commit_limit_ms = 10000;

typedef struct Fixture {
	const void *row; /* of the table from which the test is made */
	char folder[64], path[96];
	Ledger *ledger;
	LedgerInfo info;
	char keys[96]; /* "": no key and no checkpoints */
	uint32_t checkpoint_records;
	Error error;
} Fixture;

static inline int open_fixture(Fixture *fixture)
{
	LedgerOptions options = { .path = fixture->path,
		.station = "clinic/one",
		.clock = &fake_clock,
		.keys = fixture->keys[0] ? fixture->keys : NULL,
		.checkpoint_records = fixture->checkpoint_records,
		.checkpoint_s = 600,
		.commit_limit_ms = fixture_commit_limit_ms };

	return ledger_open(&options, &fixture->ledger, &fixture->info, &fixture->error);
}

static inline int setup(void **state)
{
	Fixture *fixture = calloc(1, sizeof *fixture);

	snprintf(fixture->folder, sizeof fixture->folder, "ledger-test-XXXXXX");
	if (!mkdtemp(fixture->folder))
		return -1;
	snprintf(fixture->path, sizeof fixture->path, "%s/ledger.db", fixture->folder);
	*state = fixture;
	return open_fixture(fixture);
}

static inline int teardown(void **state)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".lock", ".checkpoint" };
	static const char *const keys[] = { "station.key", "next.key" };
	Fixture *fixture = *state;
	char path[128];

	ledger_free(fixture->ledger);
	for (size_t i = 0; i < ELEMENTS(suffixes); i++) {
		snprintf(path, sizeof path, "%s%s", fixture->path, suffixes[i]);
		unlink(path);
	}
	for (size_t i = 0; i < ELEMENTS(keys) && fixture->keys[0]; i++) {
		snprintf(path, sizeof path, "%s/%s", fixture->keys, keys[i]);
		unlink(path);
	}
	if (fixture->keys[0])
		rmdir(fixture->keys);
	rmdir(fixture->folder);
	free(fixture);
	return 0;
}

/** Limits the size of files to simulate a full disk; 0 lifts the limit. SIGXFSZ must be ignored. */
static inline void limit_files(rlim_t size)
{
	struct rlimit limit;

	getrlimit(RLIMIT_FSIZE, &limit);
	limit.rlim_cur = size > 0 ? size : limit.rlim_max;
	setrlimit(RLIMIT_FSIZE, &limit);
}

/** Polls, because the ledger thread recovers by itself and notifies nobody. */
static inline void wait_for_health(const Ledger *ledger, bool healthy)
{
	for (int i = 0; i < 4000 && ledger_healthy(ledger) != healthy; i++)
		(void)poll(NULL, 0, 5);
	assert_int_equal(ledger_healthy(ledger), healthy);
}

static inline void keep_answer(void *userdata, const LedgerAnswer *answer)
{
	*(LedgerAnswer *)userdata = *answer;
}

static inline void keep_rows(void *userdata, int error, json_t *rows)
{
	assert_int_equal(error, 0);
	*(json_t **)userdata = json_incref(rows);
}

static inline void serve(Ledger *ledger)
{
	struct pollfd ready = { .fd = ledger_fd(ledger), .events = POLLIN };

	while (ledger->waiting > 0) {
		(void)poll(&ready, 1, 5000);
		ledger_dispatch(ledger);
	}
}

/** As setup(), with a key and a checkpoint every `records`. */
static inline int setup_signed(void **state, uint32_t records)
{
	Fixture *fixture;
	int r = setup(state);

	if (r < 0)
		return r;
	fixture = *state;
	fixture->ledger = ledger_free(fixture->ledger);
	snprintf(fixture->keys, sizeof fixture->keys, "%s/keys", fixture->folder);
	fixture->checkpoint_records = records;
	r = open_fixture(fixture);
	if (r == 0)
		serve(fixture->ledger); /* commit the record of the key in a group of its own */
	return r;
}

/** Takes ownership of `body`. */
static inline LedgerAnswer append(Ledger *ledger, const char *kind, json_t *body)
{
	LedgerRecord record = { .kind = kind, .actor = "b1", .body = body };
	LedgerAnswer answer = { .error = 1 };

	assert_non_null(body);
	assert_int_equal(ledger_append(ledger, &record, keep_answer, &answer), 0);
	json_decref(body);
	serve(ledger);
	return answer;
}

/** Takes ownership of `arguments`. */
static inline json_t *look_up(Ledger *ledger, const char *query, json_t *arguments)
{
	json_t *rows = NULL;

	assert_int_equal(ledger_lookup(ledger, query, arguments, keep_rows, &rows), 0);
	json_decref(arguments);
	serve(ledger);
	return rows;
}

static inline json_t *lot(const char *name, int quantity, const char *expiry)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:i}", "gtin", "04012345678901", "lot", name, "product",
		"1RL", "maker", "Maker", "expiry", expiry, "quantity", quantity);
}

static inline json_t *claim(const char *unit, const char *name, int session)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:s}", "session", session, "unit", unit, "gtin",
		"04012345678901", "lot", name, "code", unit);
}

#define LEDGER_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
