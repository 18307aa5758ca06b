/* SPDX-License-Identifier: Apache-2.0 */

/** What a verification finds during a session: that is brought to its end, and no other is begun. */

#include "lone-station.h"

static void keep_error(void *userdata, const StationReply *reply)
{
	snprintf(userdata, 64, "%s", reply->error ? reply->error : "done");
}

static void damage(Lone *lone)
{
	sqlite3 *db;

	assert_int_equal(append(lone->ledger->ledger, "session.begun",
				 json_pack("{s:i, s:s, s:s, s:i}", "session", 1, "subject", "P-0001",
					 "protocol", "p", "course_session", 1))
				 .error,
		0);
	assert_int_equal(sqlite3_open(lone->ledger->path, &db), SQLITE_OK);
	assert_int_equal(
		sqlite3_exec(db, "UPDATE session SET subject = 'P-0002'", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void verify(Lone *lone)
{
	const StationCaller caller = { .name = ":1.7", .user = "ada", .uid = 1000 };
	char answer[64] = "";

	station_verify(lone->station, &caller, keep_error, answer);
	assert_int_equal(lone->station->verifier.verification.state, VERIFICATION_RUNNING);
	UNTIL(lone, answer[0]);
	assert_string_equal(answer, "done");
}

static bool verifies(const Lone *lone)
{
	return lone->station->verifier.verification.state == VERIFICATION_RUNNING;
}

static void forget_damage(const Lone *lone)
{
	char path[128];

	snprintf(path, sizeof path, "%s.damaged", lone->ledger->path);
	assert_int_equal(unlink(path), 0);
}

static void test_damage_outlives_the_next_verification(void **state)
{
	Lone *lone = *state;
	char answer[64] = "";

	lone->station->state.session.protocol = lone->station->state.protocols.list[0];
	lone->station->state.session.number = 1;
	lone->station->state.work.phase = SESSION_PREPARING;
	damage(lone);
	verify(lone);
	UNTIL(lone, !verifies(lone));
	assert_int_equal(lone->station->verifier.verification.state, VERIFICATION_DAMAGED);
	advance(lone, 1);
	assert_null(rules_inert(&lone->station->state.rules));
	/* another one, which could not be done */
	verify(lone);
	lone->station->verifier.verification.state = VERIFICATION_FAILED;
	lone->station->state.session.number = 0;
	lone->station->state.work.phase = SESSION_IDLE;
	advance(lone, 1);
	assert_non_null(rules_inert(&lone->station->state.rules));
	assert_non_null(strstr(rules_inert(&lone->station->state.rules), "the ledger is damaged"));
	station_begin(lone->station, "P-0001", "scalp-density", 1, true, keep_error, answer);
	assert_string_equal(answer, STATION_ERROR_INERT);
	UNTIL(lone, !lone->ledger->ledger->check.running);
	forget_damage(lone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LONE_TEST(test_damage_outlives_the_next_verification),
	};

	signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
