// SPDX-License-Identifier: Apache-2.0

/**
 * The station above a disk that hangs: it fails nothing and answers nothing. Everything that is asserted of
 * the needle is asserted while the disk still hangs.
 */

#include "station-fixture.h"

#include <pthread.h>
#include <sys/syscall.h>

/* ---- the disk ---- */

static pthread_mutex_t disk_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t disk_moves = PTHREAD_COND_INITIALIZER;
static bool disk_hangs;
static unsigned hanging; /* calls that do not return */

static void wait_for_disk(void)
{
	pthread_mutex_lock(&disk_lock);
	hanging++;
	while (disk_hangs)
		pthread_cond_wait(&disk_moves, &disk_lock);
	hanging--;
	pthread_mutex_unlock(&disk_lock);
}

/* SQLite's own calls come here as well: a program's symbols go before those of its libraries. */
int fdatasync(int fd)
{
	wait_for_disk();
	return (int)syscall(SYS_fdatasync, fd);
}

int fsync(int fd)
{
	wait_for_disk();
	return (int)syscall(SYS_fsync, fd);
}

static void let_disk_hang(bool hangs)
{
	pthread_mutex_lock(&disk_lock);
	disk_hangs = hangs;
	pthread_cond_broadcast(&disk_moves);
	pthread_mutex_unlock(&disk_lock);
}

static bool is_hanging(void)
{
	bool hangs;

	pthread_mutex_lock(&disk_lock);
	hangs = hanging > 0;
	pthread_mutex_unlock(&disk_lock);
	return hangs;
}

/* ---- tests ---- */

/** The daemon watches ten times a second. */
#define WATCH_UNTIL(chair, condition)                    \
	do {                                             \
		UNTIL(chair, watched(chair, condition)); \
	} while (0)

static bool watched(Chair *chair, bool condition)
{
	station_watch(chair->station);
	return condition;
}

static uint64_t recorded_strokes(Chair *chair)
{
	json_auto_t *rows = records(chair, "strokes");
	uint64_t strokes = 0;
	const json_t *row;
	size_t i;

	json_array_foreach (rows, i, row)
		strokes += (uint64_t)json_integer_value(
			json_object_get(json_object_get(row, "body"), "strokes"));
	return strokes;
}

static bool was_alerted(const Chair *chair, const char *alert)
{
	for (size_t i = 0; i < chair->n_alerts; i++)
		if (strcmp(chair->alerts[i], alert) == 0)
			return true;
	return false;
}

static void expect_stop(Chair *chair, const char *word)
{
	const Fault *fault = &chair->station->state.board.fault;

	WATCH_UNTIL(chair, state_is(chair, SESSION_FAULT));
	assert_true(is_hanging());
	assert_int_equal(fault->fault, CONTROL_FAULT_HOST);
	assert_non_null(strstr(fault->text, word));
	UNTIL(chair, board_shows(chair, "\"armed\":false"));
	assert_true(board_shows(chair, "\"enable\":false"));
	assert_true(board_shows(chair, "\"running\":false"));
	assert_true(is_hanging());
}

/** Once the disk goes on nothing is missing, and the fault is on record once. */
static void expect_all_recorded(Chair *chair)
{
	uint64_t strokes = chair->station->state.session.strokes;

	let_disk_hang(false);
	play(chair, "pedal up\n");
	WATCH_UNTIL(chair, ledger_healthy(chair->ledger->ledger) && !chair->station->journal.n_kept);
	settle(chair);
	assert_true(strokes > 0);
	assert_int_equal(recorded_strokes(chair), chair->station->state.session.strokes);
	assert_int_equal(count_records(chair, "fault.latched"), 1);
	expect_recovery(chair);
}

static void test_a_disk_that_hangs_stops_the_needle(void **state)
{
	Chair *chair = *state;
	Reply reply = { 0 };

	prepare(chair);
	arm(chair);
	work(chair);
	WATCH_UNTIL(chair, chair->station->state.session.strokes > 0);
	let_disk_hang(true);
	expect_stop(chair, "disk");
	WATCH_UNTIL(chair, !ledger_healthy(chair->ledger->ledger));
	station_watch(chair->station);
	assert_int_equal(ledger_ailment(chair->ledger->ledger), LEDGER_SILENT);
	assert_true(ledger_silent_us(chair->ledger->ledger) > 0);
	assert_true(was_alerted(chair, "ledger-unhealthy"));
	assert_false(host_is_well(&station_state(chair->station)->host));
	/* what is asked meanwhile is refused before the call returns */
	station_remove_needle(chair->station, "blunt", keep_reply, &reply);
	assert_true(reply.done);
	assert_string_equal(reply.error, STATION_ERROR_LEDGER);
	reply = (Reply){ 0 };
	station_acknowledge(chair->station, "seen", PIN, keep_reply, &reply);
	assert_true(reply.done);
	assert_string_equal(reply.error, STATION_ERROR_LEDGER);
	assert_non_null(strstr(reply.text, "disk"));
	assert_true(is_hanging());
	expect_all_recorded(chair);
}

static void test_strokes_that_wait_are_bounded_in_number(void **state)
{
	Chair *chair = *state;

	prepare(chair);
	arm(chair);
	work(chair);
	WATCH_UNTIL(chair, chair->station->state.session.strokes > 0);
	let_disk_hang(true);
	expect_stop(chair, "strokes wait");
	assert_true(ledger_healthy(chair->ledger->ledger)); /* it was not the time */
	expect_all_recorded(chair);
}

static void test_whoever_waits_is_told(void **state)
{
	Chair *chair = *state;
	Reply reply = { 0 };

	prepare(chair);
	let_disk_hang(true);
	ask_pause(chair->station, &reply);
	UNTIL(chair, is_hanging());
	assert_false(reply.done);
	WATCH_UNTIL(chair, reply.done);
	assert_true(is_hanging());
	assert_string_equal(reply.error, STATION_ERROR_LEDGER);
	assert_non_null(strstr(reply.text, "disk"));
	assert_true(state_is(chair, SESSION_PREPARING));
	/* it was under way: it takes effect, and nobody is told twice */
	let_disk_hang(false);
	UNTIL(chair, state_is(chair, SESSION_PAUSED));
	settle(chair);
}

/** Not the disk's doing: a hand's, or a copying program's. */
static void test_a_replaced_ledger_stops_the_needle(void **state)
{
	Chair *chair = *state;
	char away[128];

	snprintf(away, sizeof away, "%s.away", chair->ledger->path);
	prepare(chair);
	arm(chair);
	work(chair);
	assert_int_equal(rename(chair->ledger->path, away), 0);
	advance(chair, 1);
	UNTIL(chair, state_is(chair, SESSION_FAULT));
	assert_int_equal(chair->station->state.board.fault.fault, CONTROL_FAULT_HOST);
	assert_non_null(strstr(chair->station->state.board.fault.text, "replaced"));
	assert_int_equal(ledger_ailment(chair->ledger->ledger), LEDGER_MOVED);
	assert_true(board_shows(chair, "\"enable\":false"));
	play(chair, "pedal up\n");
	REFUSED(chair, STATION_ERROR_LEDGER, acknowledge, "seen", PIN);
	REFUSED(chair, STATION_ERROR_LEDGER, remove_needle, "blunt");
	assert_int_equal(rename(away, chair->ledger->path), 0);
	advance(chair, 1);
	UNTIL(chair, ledger_healthy(chair->ledger->ledger));
	advance(chair, 1);
	expect_all_recorded(chair);
}

static int set_up_hasty(void **state)
{
	fixture_commit_limit_ms = 500;
	chair_ledger_lines = "commit_limit_ms = 500\n";
	return set_up_chair(state);
}

static int set_up_crowded(void **state)
{
	fixture_commit_limit_ms = 10000;
	chair_ledger_lines = "commit_limit_ms = 10000\nstrokes_waiting = 100\n";
	return set_up_chair(state);
}

static int tear_down_stalled(void **state)
{
	let_disk_hang(false);
	return tear_down_chair(state);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_a_disk_that_hangs_stops_the_needle, set_up_hasty, tear_down_stalled),
		cmocka_unit_test_setup_teardown(
			test_strokes_that_wait_are_bounded_in_number, set_up_crowded, tear_down_stalled),
		STATION_TEST(test_a_replaced_ledger_stops_the_needle),
		cmocka_unit_test_setup_teardown(test_whoever_waits_is_told, set_up_hasty, tear_down_stalled),
	};

	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
