/* SPDX-License-Identifier: Apache-2.0 */

/** The ledger when the disk is full and when the daemon is killed: what was acknowledged stays, once. */

#include "ledger-fixture.h"

enum { ROUNDS = 30 };

/* ---- a full disk ---- */

static int teardown_limited(void **state)
{
	limit_files(0);
	return teardown(state);
}

static json_t *alert(void)
{
	return json_pack("{s:s,s:s}", "alert", "a", "text", "filling");
}

static uint64_t fill_up(Ledger *ledger)
{
	uint64_t acknowledged = 0;
	LedgerAnswer answer = { 0 };

	for (int i = 0; i < 1000 && answer.error == 0; i++) {
		answer = append(ledger, "alert.raised", alert());
		if (answer.error == 0)
			acknowledged = answer.seq;
	}
	assert_int_equal(answer.error, -ENOSPC);
	assert_int_equal(answer.seq, 0);
	assert_non_null(strstr(answer.text, "free space"));
	return acknowledged;
}

static void test_a_full_disk_loses_nothing(void **state)
{
	Fixture *fixture = *state;
	uint64_t acknowledged;
	LedgerAnswer answer;
	json_t *rows;

	limit_files(600000);
	acknowledged = fill_up(fixture->ledger);
	assert_false(ledger_healthy(fixture->ledger));
	/* what is there can still be read */
	rows = look_up(fixture->ledger, "records", json_pack("{s:I}", "after", (json_int_t)acknowledged - 1));
	assert_int_equal(json_array_size(rows), 1);
	json_decref(rows);
	limit_files(0);
	answer = append(fixture->ledger, "station.stopped", json_object());
	assert_int_equal(answer.error, 0);
	assert_int_equal(answer.seq, acknowledged + 1);
	assert_true(ledger_healthy(fixture->ledger));
	rows = look_up(fixture->ledger, "records", json_pack("{s:I}", "after", (json_int_t)acknowledged - 1));
	assert_int_equal(json_array_size(rows), 2);
	json_decref(rows);
}

static void test_health_returns_by_itself(void **state)
{
	Fixture *fixture = *state;
	struct pollfd ready = { .fd = ledger_fd(fixture->ledger), .events = POLLIN };

	limit_files(600000);
	fill_up(fixture->ledger);
	limit_files(0);
	for (int i = 0; i < 100 && !ledger_healthy(fixture->ledger); i++) {
		(void)poll(&ready, 1, 100);
		ledger_dispatch(fixture->ledger);
	}
	assert_true(ledger_healthy(fixture->ledger));
}

/** Its answer goes to `answer` when the ledger is served. */
static void append_later(Ledger *ledger, LedgerAnswer *answer)
{
	json_auto_t *body = alert();
	LedgerRecord record = { .kind = "alert.raised", .actor = "station", .body = body };

	*answer = (LedgerAnswer){ .error = 1 };
	assert_int_equal(ledger_append(ledger, &record, keep_answer, answer), 0);
}

static void test_nothing_overtakes_what_failed(void **state)
{
	Fixture *fixture = *state;
	LedgerAnswer failed, follower, next;

	limit_files(1);
	append_later(fixture->ledger, &failed);
	wait_for_health(fixture->ledger, false);
	limit_files(0);
	wait_for_health(fixture->ledger, true);
	/* the disk would take it, but who sends it does not know yet of the one before */
	append_later(fixture->ledger, &follower);
	serve(fixture->ledger);
	assert_int_equal(failed.error, -ENOSPC);
	assert_int_equal(follower.error, -ENOSPC);
	append_later(fixture->ledger, &failed);
	append_later(fixture->ledger, &follower);
	append_later(fixture->ledger, &next);
	serve(fixture->ledger);
	assert_int_equal(failed.seq, 1);
	assert_int_equal(follower.seq, 2);
	assert_int_equal(next.seq, 3);
}

static void test_a_failed_claim_can_be_made_again(void **state)
{
	Fixture *fixture = *state;
	LedgerAnswer answer = { 0 };
	char unit[64];
	json_t *rows;
	int i;

	append(fixture->ledger, "lot.received", lot("L1", 5000, "2027-01-01"));
	limit_files(600000);
	for (i = 0; i < 1000 && answer.error == 0; i++) {
		snprintf(unit, sizeof unit, "(01)04012345678901(21)S%d", i);
		answer = append(fixture->ledger, "needle.claimed", claim(unit, "L1", 1));
	}
	assert_int_equal(answer.error, -ENOSPC);
	limit_files(0);
	/* the claim that was not acknowledged did not happen: neither the unit nor its lot remember it */
	assert_int_equal(append(fixture->ledger, "needle.claimed", claim(unit, "L1", 1)).error, 0);
	assert_int_equal(append(fixture->ledger, "needle.claimed", claim(unit, "L1", 1)).error, -EEXIST);
	rows = look_up(fixture->ledger, "lot", json_pack("{s:s}", "lot", "L1"));
	assert_int_equal(json_integer_value(json_object_get(json_array_get(rows, 0), "used")), i);
	json_decref(rows);
}

/* ---- kill -9 ---- */

static void tell_parent(void *userdata, const LedgerAnswer *answer)
{
	int fd = *(int *)userdata;

	if (answer->error == 0 && write(fd, &answer->seq, sizeof answer->seq) < 0)
		_exit(1);
}

/** Claims serials and lot units in turns, and now and then the serials of the round before. */
static void child_appends(Fixture *fixture, int fd, int round)
{
	if (open_fixture(fixture) < 0)
		_exit(2);
	for (int i = 0;; i++) {
		char unit[64] = "(01)04012345678901(10)BIG";
		json_t *body;
		LedgerRecord record = { .kind = "needle.claimed", .actor = "b1" };

		if (i % 3 > 0)
			snprintf(unit, sizeof unit, "(01)04012345678901(21)R%d-%d",
				i % 3 == 1 ? round : round - 1, i);
		record.body = body = claim(unit, "BIG", round + 1);
		if (ledger_append(fixture->ledger, &record, tell_parent, &fd) < 0)
			serve(fixture->ledger);
		json_decref(body);
		if (i % 7 == 0)
			serve(fixture->ledger);
	}
}

static int64_t number(sqlite3 *db, const char *sql)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *statement = NULL;

	assert_int_equal(sqlite3_prepare_v2(db, sql, -1, &statement, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
	return sqlite3_column_int64(statement, 0);
}

/** No gap, no unit twice, every claim in both places, and the count of the lot is that of its units. */
static void check_whole(const char *path, uint64_t newest)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_true((uint64_t)number(db, "SELECT max(seq) FROM record") >= newest);
	assert_int_equal(number(db, "SELECT max(seq) - count(*) FROM record"), 0);
	assert_int_equal(
		number(db, "SELECT count(*) - count(DISTINCT json_extract(CAST(leaf AS TEXT), '$.body.unit'))"
			   " FROM record WHERE kind = 'needle.claimed'"),
		0);
	assert_int_equal(
		number(db,
			"SELECT (SELECT count(*) FROM record WHERE kind = 'needle.claimed') - count(*) FROM unit"),
		0);
	assert_int_equal(number(db, "SELECT used - (SELECT count(*) FROM unit) FROM lot"), 0);
	sqlite3_close(db);
}

static uint64_t kill_after(Fixture *fixture, int round, uint64_t newest)
{
	int pipes[2], status;
	uint64_t seq;
	pid_t child;

	assert_int_equal(pipe(pipes), 0);
	child = fork();
	if (child == 0) {
		close(pipes[0]);
		child_appends(fixture, pipes[1], round);
	}
	close(pipes[1]);
	for (int i = 0; i < 1 + round * 3 && read(pipes[0], &seq, sizeof seq) == sizeof seq; i++)
		newest = seq;
	usleep((useconds_t)(round * 7919 % 3000)); /* somewhere within a group */
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	assert_true(WIFSIGNALED(status));
	while (read(pipes[0], &seq, sizeof seq) == sizeof seq)
		newest = seq;
	close(pipes[0]);
	return newest;
}

static void test_kill_keeps_what_was_acknowledged(void **state)
{
	Fixture *fixture = *state;
	uint64_t newest = 1;

	for (int delivery = 0; delivery < 10; delivery++)
		assert_int_equal(
			append(fixture->ledger, "lot.received", lot("BIG", 100000, "2027-01-01")).error, 0);
	fixture->ledger = ledger_free(fixture->ledger);
	for (int round = 0; round < ROUNDS; round++) {
		newest = kill_after(fixture, round, newest);
		assert_int_equal(open_fixture(fixture), 0);
		assert_true(fixture->info.newest_seq >= newest);
		fixture->ledger = ledger_free(fixture->ledger);
		check_whole(fixture->path, newest);
	}
}

#define LIMITED_TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown_limited)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LIMITED_TEST(test_a_full_disk_loses_nothing),
		LIMITED_TEST(test_health_returns_by_itself),
		LIMITED_TEST(test_nothing_overtakes_what_failed),
		LIMITED_TEST(test_a_failed_claim_can_be_made_again),
		LEDGER_TEST(test_kill_keeps_what_was_acknowledged),
	};

	signal(SIGXFSZ, SIG_IGN);
	signal(SIGPIPE, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
