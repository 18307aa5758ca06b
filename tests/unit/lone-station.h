/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A station with a real ledger in a folder of its own, without a board; its clock goes on when it is told
 * to. */

#include "ledger-fixture.h"

#include "station-calls.h"
#include "station/parts.h"

typedef struct Lone {
	Fixture *ledger; /* folder and ledger */
	Config *config;
	StationOptions options;
	Station *station;
} Lone;

static inline void start_station(Lone *lone)
{
	lone->options.ledger = lone->ledger->ledger;
	lone->options.ledger_info = lone->ledger->info;
	assert_int_equal(station_new(&lone->options, &lone->station), 0);
	assert_null(rules_inert(&lone->station->state.rules));
}

/** The ledger too: it may have answers for the station that was there. */
static inline void restart(Lone *lone)
{
	station_free(lone->station);
	ledger_free(lone->ledger->ledger);
	assert_int_equal(open_fixture(lone->ledger), 0);
	start_station(lone);
}

static inline int set_up_lone(void **state)
{
	Lone *lone = calloc(1, sizeof *lone);
	_cleanup_(freep) char *here = get_current_dir_name();
	char text[1024];
	Error error = { 0 };
	int n;

	assert_non_null(lone);
	*state = lone;
	if (setup((void **)&lone->ledger) < 0)
		return -1;
	n = snprintf(text, sizeof text,
		"[paths]\nstate_folder = %s/%s\nprotocol_folder = " STIPPLE_SOURCE_FOLDER
		"/configs/protocols\n"
		"profile_folder = " STIPPLE_SOURCE_FOLDER "/configs/profiles\n"
		"[session]\ndisk_min_mb = 10\n[ledger]\nverify_hours = 0\ncommit_limit_ms = 10000\n",
		here, lone->ledger->folder);
	if (config_parse(text, (size_t)n, "test", &lone->config, &error) < 0)
		fail_msg("%s", error.text);
	lone->options = (StationOptions){ .config = lone->config, .clock = &fake_clock };
	start_station(lone);
	return 0;
}

static inline int tear_down_lone(void **state)
{
	Lone *lone = *state;

	limit_files(0);
	station_free(lone->station);
	config_free(lone->config);
	teardown((void **)&lone->ledger);
	free(lone);
	return 0;
}

/** Waits a moment for whatever comes, and hands it over. */
static inline void go_on(Lone *lone)
{
	struct pollfd fds[] = {
		{ .fd = ledger_fd(lone->ledger->ledger), .events = POLLIN },
		{ .fd = station_worker_fd(lone->station), .events = POLLIN },
	};

	(void)poll(fds, ELEMENTS(fds), 5);
	station_ledger_ready(lone->station);
	station_worker_ready(lone->station);
}

#define UNTIL(lone, condition)                                 \
	do {                                                   \
		for (int i = 0; i < 4000 && !(condition); i++) \
			go_on(lone);                           \
		assert_true(condition);                        \
	} while (0)

/** Nothing is under way any more. */
static inline void settle(Lone *lone)
{
	UNTIL(lone, !lone->station->runtime.first && !lone->station->journal.kept &&
			    lone->ledger->ledger->waiting == 0);
}

static inline void advance(Lone *lone, int64_t seconds)
{
	fake_utc_us += seconds * USEC_PER_SEC;
	fake_monotonic_us += seconds * USEC_PER_SEC;
	station_tick(lone->station);
}

/** Records of this kind, oldest first. A new reference. */
static inline json_t *records(Lone *lone, const char *kind)
{
	return look_up(lone->ledger->ledger, "records", json_pack("{s:s}", "kind", kind));
}

#define LONE_TEST(name) cmocka_unit_test_setup_teardown(name, set_up_lone, tear_down_lone)
