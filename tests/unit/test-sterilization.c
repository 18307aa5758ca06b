/* SPDX-License-Identifier: Apache-2.0 */

/** Steriliser cycles, their release, and what biological tests say of them. */

#include "sterilization-fixture.h"

#include "ledger/verify.h"

/** How the load of an item that a failed test put in doubt stands. */
static void expect_doubt(Ledger *ledger, const char *item, const char *state, const char *blocked)
{
	json_auto_t *rows = look_up(ledger, "doubt", json_pack("{s:s}", "handpiece", item));
	const json_t *row = json_array_get(rows, 0);
	const char *why = json_string_value(json_object_get(row, "blocked"));

	assert_int_equal(json_array_size(rows), 1);
	assert_string_equal(json_string_value(json_object_get(row, "state")), state);
	assert_int_equal(json_is_string(json_object_get(row, "cleared")), strcmp(state, "cleared") == 0);
	if (!blocked)
		assert_null(why);
	else
		assert_true(why && strstr(why, blocked));
}

static void test_a_cycle_is_recorded_once(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	refuse(append(ledger, "cycle.recorded", cycle(1, "2026-02-01T10:00:00Z", "{}")), -ENOENT, "register");
	add_sterilizer(ledger);
	refuse(enter(ledger, "sterilizer.registered",
		       "{\"sterilizer\":\"A\",\"maker\":\"M\",\"model\":\"B\",\"serial\":\"1\",\"installed\":\"2026-01-01\"}"),
		-EEXIST, "registered already");
	add_cycle(ledger, 1, "2026-02-01T10:00:00Z", "{}");
	refuse(append(ledger, "cycle.recorded", cycle(1, "2026-02-02T10:00:00Z", "{}")), -EEXIST, "cycle 1");
	refuse(append(ledger, "cycle.recorded", cycle(2, "2026-03-02T11:00:01Z", "{}")), -EINVAL, "future");
	add_cycle(ledger, 2, "2026-03-02T11:00:00Z", "{}");
	refuse(append(ledger, "cycle.recorded", cycle(3, "2026-02-31T10:00:00Z", "{}")), -EINVAL, "started");
	refuse(append(ledger, "cycle.recorded", cycle(3, "2026-02-01", "{}")), -EINVAL, "started");
	refuse(append(ledger, "cycle.recorded",
		       cycle(3, "2026-02-01T10:00:00Z", "{\"integrator\":\"good\"}")),
		-EINVAL, "pass fail");
	assert_int_equal(count(ledger, "sterilization", json_object()), 2);
	assert_int_equal(count(ledger, "sterilization", json_pack("{s:s}", "to", "2026-02-28")), 1);
	assert_int_equal(count(ledger, "sterilization", json_pack("{s:s}", "item", "hp1")), 2);
	assert_int_equal(count(ledger, "sterilization", json_pack("{s:s}", "item", "hp2")), 0);
}

static void test_a_release_needs_its_proofs(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_sterilizer(ledger);
	refuse(release(ledger, 1, "{}"), -ENOENT, "cycle 1");
	add_cycle(ledger, 1, "2026-02-01T10:00:00Z", "{}");
	refuse(release(ledger, 1, "{}"), -EINVAL, "class V integrator");
	refuse(release(ledger, 1, "{\"integrator\":\"pass\"}"), -EINVAL, "chemical");
	refuse(release(ledger, 1, "{\"integrator\":\"fail\",\"chemical\":\"pass\"}"), -EINVAL, "reject");
	refuse(release(ledger, 1, "{\"integrator\":\"pass\",\"chemical\":\"pass\",\"mechanical\":\"fail\"}"),
		-EINVAL, "mechanical readings");
	release_ok(ledger, 1);
	refuse(release(ledger, 1, "{\"integrator\":\"pass\",\"chemical\":\"pass\"}"), -EEXIST,
		"released before");
	expect_item(ledger, "hp1", "sterile_until", "2026-03-03");
	expect_item(ledger, "hp1", "blocked", NULL);
	/* a failure that is on record stays one, and no profile waives it */
	add_cycle(ledger, 2, "2026-02-02T10:00:00Z", "{\"integrator\":\"fail\"}");
	refuse(release(ledger, 2, "{\"integrator\":\"pass\",\"chemical\":\"pass\"}"), -EINVAL, "failed");
	refuse(release(ledger, 2, "{\"proofs\":\"\"}"), -EINVAL, "failed");
	/* nothing in it */
	add_cycle(ledger, 3, "2026-02-03T10:00:00Z", "{\"contents\":[]}");
	refuse(release(ledger, 3, "{\"integrator\":\"pass\",\"chemical\":\"pass\"}"), -EINVAL, "contents=");
	/* what a profile does not ask for may be missing */
	add_cycle(ledger, 4, "2026-02-04T10:00:00Z", "{}");
	assert_int_equal(release(ledger, 4, "{\"proofs\":\"\", \"contents\":[\"hp2\", \"hp2\"]}").error, 0);
	expect_item(ledger, "hp2", "sterile_until", "2026-03-06");
}

static void test_a_rejected_load_is_not_sterile(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_sterilizer(ledger);
	add_cycle(ledger, 1, "2026-02-01T10:00:00Z", "{}");
	release_ok(ledger, 1);
	refuse(enter(ledger, "cycle.rejected", "{\"sterilizer\":\"A\",\"cycle\":9,\"reason\":\"wet\"}"),
		-ENOENT, "cycle 9");
	enter_ok(ledger, "cycle.rejected", "{\"sterilizer\":\"A\",\"cycle\":1,\"reason\":\"wet\"}");
	refuse(enter(ledger, "cycle.rejected", "{\"sterilizer\":\"A\",\"cycle\":1,\"reason\":\"wet\"}"),
		-EEXIST, "rejected before");
	expect_item(ledger, "hp1", "blocked", "rejected");
	add_cycle(ledger, 2, "2026-02-02T10:00:00Z", "{}");
	enter_ok(ledger, "cycle.rejected", "{\"sterilizer\":\"A\",\"cycle\":2,\"reason\":\"wet\"}");
	refuse(release(ledger, 2, "{\"integrator\":\"pass\",\"chemical\":\"pass\"}"), -EEXIST,
		"rejected before");
	/* the next load frees it */
	add_cycle(ledger, 3, "2026-02-03T10:00:00Z", "{}");
	release_ok(ledger, 3);
	expect_item(ledger, "hp1", "blocked", NULL);
}

#define REPAIRED(done) \
	"{\"sterilizer\":\"A\",\"work\":\"repair\",\"by\":\"M\",\"counter_reset\":true,\"done\":\"" done "\"}"

static json_int_t number_of(Ledger *ledger, const char *query, json_t *arguments, const char *column)
{
	json_auto_t *rows = look_up(ledger, query, arguments);

	assert_int_equal(json_array_size(rows), 1);
	return json_integer_value(json_object_get(json_array_get(rows, 0), column));
}

/** A repair may set the counter back: its numbers come again, and mean the newest unless told otherwise. */
static void test_a_counter_begins_anew_after_a_repair(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	json_auto_t *rows = NULL;
	uint64_t first, second;

	add_sterilizer(ledger);
	first = add_cycle(ledger, 1, "2026-02-01T10:00:00Z", "{\"contents\":[\"hp1\"]}");
	release_ok(ledger, 1);
	refuse(append(ledger, "cycle.recorded", cycle(1, "2026-02-11T10:00:00Z", "{}")), -EEXIST,
		"counter_reset=yes");
	refuse(enter(ledger, "sterilizer.serviced",
		       "{\"sterilizer\":\"A\",\"work\":\"calibration\",\"by\":\"M\",\"counter_reset\":true,"
		       "\"done\":\"2026-02-10T10:00:00Z\"}"),
		-EINVAL, "after a repair");
	enter_ok(ledger, "sterilizer.serviced", REPAIRED("2026-02-10T10:00:00Z"));
	second = add_cycle(ledger, 1, "2026-02-11T10:00:00Z", "{\"contents\":[\"hp2\"]}");
	refuse(append(ledger, "cycle.recorded", cycle(1, "2026-02-12T10:00:00Z", "{}")), -EEXIST, "cycle 1");
	/* what ran before the repair is of the earlier series, however late it is recorded */
	refuse(append(ledger, "cycle.recorded", cycle(1, "2026-02-02T10:00:00Z", "{}")), -EEXIST, "cycle 1");
	add_cycle(ledger, 2, "2026-02-02T10:00:00Z", "{\"contents\":[\"hp3\"]}");
	assert_int_equal(number_of(ledger, "sterilization", json_pack("{s:i}", "cycle", 2), "series"), 1);
	/* the newest is meant */
	release_ok(ledger, 1);
	expect_item(ledger, "hp2", "sterile_until", "2026-03-13");
	assert_int_equal(number_of(ledger, "sterile", json_pack("{s:s}", "handpiece", "hp2"), "series"), 2);
	assert_int_equal(number_of(ledger, "sterile", json_pack("{s:s}", "handpiece", "hp1"), "series"), 1);
	test_ok(ledger, "pass", "{\"cycle\":1}");
	test_ok(ledger, "pass", "{\"cycle\":1, \"series\":1}");
	rows = look_up(ledger, "indicators", json_object());
	assert_int_equal(json_array_size(rows), 2);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			json_integer_value(json_object_get(json_array_get(rows, i), "series")), 2 - i);
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "tested")),
		"2026-02-11T10:00:00.000000Z");
	/* or the one that is said */
	refuse(enter(ledger, "cycle.rejected",
		       "{\"sterilizer\":\"A\",\"cycle\":1,\"series\":3,\"reason\":\"wet\"}"),
		-ENOENT, "cycle 1");
	enter_ok(ledger, "cycle.rejected",
		"{\"sterilizer\":\"A\",\"cycle\":1,\"series\":1,\"reason\":\"wet\"}");
	expect_item(ledger, "hp1", "blocked", "rejected");
	expect_item(ledger, "hp2", "blocked", NULL);
	assert_int_equal(
		number_of(ledger, "sterilization", json_pack("{s:i, s:i}", "cycle", 1, "series", 1), "seq"),
		(json_int_t)first);
	assert_int_equal(
		number_of(ledger, "sterilization", json_pack("{s:i, s:i}", "cycle", 1, "series", 2), "seq"),
		(json_int_t)second);
}

/** Cycles that ran after a repair are of its series, also when it is recorded after them. */
static void test_a_repair_that_is_recorded_late(void **state)
{
	Fixture *fixture = *state;
	Verification found;
	Error error;
	VerifyOptions options = { .path = fixture->path, .parts = VERIFY_ALL, .threads = 1 };

	add_sterilizer(fixture->ledger);
	add_cycle(fixture->ledger, 1, "2026-02-01T10:00:00Z", "{}");
	enter_ok(fixture->ledger, "sterilizer.serviced", REPAIRED("2026-02-20T10:00:00Z"));
	add_cycle(fixture->ledger, 1, "2026-02-21T10:00:00Z", "{}");
	add_cycle(fixture->ledger, 2, "2026-02-11T10:00:00Z", "{}");
	enter_ok(fixture->ledger, "sterilizer.serviced", REPAIRED("2026-02-10T10:00:00Z"));
	assert_int_equal(
		number_of(fixture->ledger, "sterilization", json_pack("{s:i}", "cycle", 2), "series"), 2);
	add_cycle(fixture->ledger, 1, "2026-02-12T10:00:00Z", "{}");
	for (int series = 1; series <= 3; series++)
		assert_int_equal(count(fixture->ledger, "sterilization",
					 json_pack("{s:i, s:i}", "cycle", 1, "series", series)),
			1);
	/* a rebuild from the records alone says the same */
	assert_int_equal(ledger_verify(&options, &found, &error), 0);
	assert_int_equal(found.findings, 0);
}

/** Such as us-ca has them: in the record, so that it is judged by them for good. */
#define RULES                                                                                               \
	"\"integrator\":\"pass\",\"chemical\":\"pass\",\"biological_days\":30,\"after_installation\":true," \
	"\"after_repair\":true"

/** Indicators that are said to have passed do not make a load sterile that cannot be. */
static void test_impossible_cycles_are_not_released(void **state)
{
	static const struct {
		const char *figures, *words; /* NULL: released */
	} rows[] = {
		{ "{\"temperature_c\": 22, \"exposure_s\": 0}",
			"came to 22 C, and its program B 134 takes 134" },
		{ "{\"program\": \"P\", \"temperature_c\": 22, \"exposure_s\": 0}",
			"held 22 C for 0 s, and that takes at least 43200" },
		{ "{\"temperature_c\": 134.2, \"exposure_s\": 179}", "at least 180" },
		{ "{\"temperature_c\": 134.2, \"exposure_s\": 180}", NULL },
		{ "{\"temperature_c\": 133.9, \"exposure_s\": 240}", "takes 134" },
		{ "{\"program\": \"B121\", \"temperature_c\": 121.5, \"exposure_s\": 240}", "at least 900" },
		{ "{\"program\": \"B121\", \"temperature_c\": 121.5, \"exposure_s\": 900}", NULL },
		{ "{\"program\": \"Universal/134C/18 min\", \"temperature_c\": 134.5, \"exposure_s\": 240}",
			"at least 1080" },
		{ "{\"program\": \"132 C/4min\", \"temperature_c\": 132.4, \"exposure_s\": 240}", NULL },
		{ "{\"program\": \"plasma 2\", \"temperature_c\": 50, \"exposure_s\": 1200}", NULL },
		{ "{\"program\": \"EO\", \"temperature_c\": 22, \"exposure_s\": 86400}", NULL },
		{ "{\"program\": \"P\", \"temperature_c\": 115.5, \"exposure_s\": 1200}", "at least 1800" },
		{ "{\"program\": \"dry heat\", \"temperature_c\": 160, \"exposure_s\": 180}",
			"at least 7200" },
		{ "{\"program\": \"dry heat\", \"temperature_c\": 171, \"exposure_s\": 3599}",
			"at least 3600" },
		{ "{\"program\": \"dry heat\", \"temperature_c\": 180.5, \"exposure_s\": 1800}", NULL },
		{ "{\"program\": \"rapid heat\", \"temperature_c\": 190, \"exposure_s\": 240}",
			"at least 360" },
		{ "{\"program\": \"rapid heat\", \"temperature_c\": 190, \"exposure_s\": 360}", NULL },
	};
	Ledger *ledger = ((Fixture *)*state)->ledger;
	char text[256];
	uint64_t seq;

	add_sterilizer(ledger);
	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		int number = 100 + (int)i;

		add_cycle(ledger, number, "2026-03-01T06:00:00Z", rows[i].figures);
		if (rows[i].words)
			refuse(release(ledger, number, "{\"integrator\":\"pass\",\"chemical\":\"pass\"}"),
				-EINVAL, rows[i].words);
		else
			release_ok(ledger, number);
	}
	/* a figure that was mistyped and put right on record is right */
	seq = add_cycle(ledger, 200, "2026-03-01T07:00:00Z", "{\"exposure_s\": 24}");
	snprintf(text, sizeof text,
		"{\"corrects\":%llu,\"field\":\"exposure_s\",\"old\":\"24\",\"new\":\"240\",\"why\":\"a digit was lost\","
		"\"signed\":\"corrected\"}",
		(unsigned long long)seq);
	refuse(release(ledger, 200, "{\"integrator\":\"pass\",\"chemical\":\"pass\"}"), -EINVAL,
		"correct the record");
	refuse(append(ledger, "record.corrected", with(with(json_object(), text), "{\"new\": \"0x86\"}")),
		-EINVAL, "exposure_s");
	refuse(append(ledger, "record.corrected", with(with(json_object(), text), "{\"new\": \"1e2\"}")),
		-EINVAL, "exposure_s");
	(void)enter_ok(ledger, "record.corrected", text);
	release_ok(ledger, 200);
}

static void test_no_load_is_released_before_the_test(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_sterilizer(ledger);
	add_cycle(ledger, 1, "2026-01-30T10:00:00Z", "{}");
	refuse(release(ledger, 1, "{" RULES "}"), -EINVAL, "passed since its installation");
	/* the test runs in a cycle of its own, which is recorded before its result and released after it */
	test_ok(ledger, "invalid", "{\"cycle\":1}");
	refuse(release(ledger, 1, "{" RULES "}"), -EINVAL, "since its installation");
	test_ok(ledger, "pass", "{\"cycle\":1}");
	assert_int_equal(release(ledger, 1, "{" RULES ", \"biological_days\":60}").error, 0);
	/* 30 days later it is due, and overdue the day after: 2026-03-01 and -02 */
	add_cycle(ledger, 2, "2026-02-20T10:00:00Z", "{}");
	refuse(release(ledger, 2, "{" RULES "}"), -EINVAL, "though one was due on 2026-03-01");
	refuse(release(ledger, 2, "{" RULES ", \"biological_days\":29}"), -EINVAL, "due on 2026-02-28");
	assert_int_equal(release(ledger, 2, "{" RULES ", \"biological_days\":31}").error, 0);
	test_ok(ledger, "pass", "{\"cycle\":2}");
	enter_ok(ledger, "sterilizer.serviced",
		"{\"sterilizer\":\"A\",\"work\":\"major-repair\",\"done\":\"2026-02-21T10:00:00Z\",\"by\":\"M\"}");
	add_cycle(ledger, 3, "2026-02-22T10:00:00Z", "{}");
	refuse(release(ledger, 3, "{" RULES "}"), -EINVAL, "since its repair");
	/* who asks for no test after a repair, or whose record is older than these rules */
	assert_int_equal(release(ledger, 3, "{" RULES ", \"after_repair\":false}").error, 0);
	add_cycle(ledger, 4, "2026-02-22T12:00:00Z", "{}");
	release_ok(ledger, 4);
	add_cycle(ledger, 5, "2026-02-23T10:00:00Z", "{}");
	test_ok(ledger, "pass", "{\"cycle\":5}");
	for (int i = 6; i <= 7; i++)
		add_cycle(ledger, i, i == 6 ? "2026-02-24T10:00:00Z" : "2026-02-25T10:00:00Z", "{}");
	refuse(release(ledger, 7, "{" RULES ", \"biological_cycles\":2}"), -EINVAL, "due on 2026-02-25");
	assert_int_equal(release(ledger, 7, "{" RULES ", \"biological_cycles\":3}").error, 0);
}

static void test_no_load_is_released_before_it_ended(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_sterilizer(ledger);
	add_cycle(ledger, 1, "2026-03-02T09:57:00Z", "{}");
	refuse(release(ledger, 1, "{\"integrator\":\"pass\",\"chemical\":\"pass\"}"), -EINVAL, "ended yet");
	add_cycle(ledger, 2, "2026-03-02T09:56:00Z", "{}");
	release_ok(ledger, 2);
}

static void test_a_retired_steriliser_releases_nothing(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	json_auto_t *rows = NULL;

	add_sterilizer(ledger);
	service(ledger, "returned", "2026-02-05T10:00:00Z"); /* entered before what came first */
	service(ledger, "retired", "2026-02-02T10:00:00Z");
	service(ledger, "maintenance", "2026-02-03T10:00:00Z");
	add_cycle(ledger, 1, "2026-02-02T09:59:59Z", "{}");
	add_cycle(ledger, 2, "2026-02-03T10:00:00Z", "{}");
	add_cycle(ledger, 3, "2026-02-05T10:00:00Z", "{}");
	release_ok(ledger, 1);
	refuse(release(ledger, 2, "{\"integrator\":\"pass\",\"chemical\":\"pass\"}"), -EINVAL, "was retired");
	release_ok(ledger, 3);
	/* what ran all the same is on record, and its load is one to reject */
	rows = look_up(ledger, "check", json_pack("{s:s}", "rule", "cycle-out-of-service"));
	assert_int_equal(json_array_size(rows), 1);
	assert_string_equal(
		json_string_value(json_object_get(json_array_get(rows, 0), "subject")), "A cycle 2");
	enter_ok(ledger, "cycle.rejected", "{\"sterilizer\":\"A\",\"cycle\":2,\"reason\":\"retired\"}");
	assert_int_equal(count(ledger, "check", json_pack("{s:s}", "rule", "cycle-out-of-service")), 0);
}

static void test_an_older_load_does_not_make_sterile(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	add_sterilizer(ledger);
	add_cycle(ledger, 1, "2026-02-01T10:00:00Z", "{}");
	add_cycle(ledger, 2, "2026-02-02T10:00:00Z", "{}");
	release_ok(ledger, 2);
	use(fixture, "hp1", begin(ledger, 1, "p1"));
	/* load 1 ran before the use: its release says nothing of the item now */
	release_ok(ledger, 1);
	expect_item(ledger, "hp1", "sterile_until", "2026-03-04");
	/* a clock that goes on lets a later cycle be recorded */
	fake_utc_us += USEC_PER_DAY;
	add_cycle(ledger, 3, "2026-03-03T08:00:00Z", "{}");
	release_ok(ledger, 3);
	expect_item(ledger, "hp1", "sterile_until", "2026-04-02");
	fake_utc_us -= USEC_PER_DAY;
}

static void test_a_test_must_rest_on_something(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	refuse(test_of(ledger, "pass", "{\"tested\":\"2026-02-01T10:00:00Z\"}"), -ENOENT, "register");
	add_sterilizer(ledger);
	refuse(test_of(ledger, "pass", "{}"), -EINVAL, "tested=TIME");
	refuse(test_of(ledger, "pass", "{\"cycle\":4}"), -ENOENT, "cycle 4");
	refuse(test_of(ledger, "pass", "{\"cycle\":4, \"tested\":\"2026-02-01T10:00:00Z\"}"), -ENOENT,
		"cycle 4");
	refuse(test_of(ledger, "pass", "{\"tested\":\"2026-04-01T10:00:00Z\"}"), -EINVAL, "future");
	refuse(test_of(ledger, "pass", "{\"tested\":\"2026-02-01T10:00:00Z\", \"control\":\"no-growth\"}"),
		-EINVAL, "invalid");
	refuse(test_of(ledger, "pass", "{\"tested\":\"2026-02-01T10:00:00Z\", \"expiry\":\"2026-01-31\"}"),
		-EINVAL, "expired on 2026-01-31");
	test_ok(ledger, "pass", "{\"tested\":\"2026-01-31T10:00:00Z\", \"expiry\":\"2026-01-31\"}");
	test_ok(ledger, "invalid", "{\"tested\":\"2026-02-01T10:00:00Z\", \"control\":\"no-growth\"}");
	/* growth where there should be none is a failure, whatever the control did */
	test_ok(ledger, "fail", "{\"tested\":\"2026-02-01T10:00:00Z\", \"control\":\"no-growth\"}");
	assert_int_equal(count(ledger, "indicators", json_pack("{s:s}", "result", "fail")), 1);
	assert_int_equal(count(ledger, "indicators", json_object()), 3);
}

static void test_a_failed_test_puts_loads_in_doubt(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	json_auto_t *rows = NULL;
	json_t *row;
	uint64_t failed;

	add_loads(ledger);
	use(fixture, "hp2", begin(ledger, 1, "p1"));
	failed = test_ok(ledger, "fail", "{\"cycle\":3}");
	expect_item(ledger, "hp1", "blocked", NULL);
	expect_item(ledger, "hp2", "blocked", "steriliser A failed");
	expect_item(ledger, "hp3", "blocked", "steriliser A failed");
	rows = look_up(ledger, "doubt", json_object());
	assert_int_equal(json_array_size(rows), 2);
	row = json_array_get(rows, 0);
	assert_int_equal(json_integer_value(json_object_get(row, "test")), failed);
	assert_int_equal(json_integer_value(json_object_get(row, "cycle")), 2);
	assert_string_equal(json_string_value(json_object_get(row, "handpiece")), "hp2");
	assert_int_equal(json_integer_value(json_object_get(row, "session")), 1);
	assert_string_equal(json_string_value(json_object_get(row, "subject")), "p1");
	assert_true(json_is_null(json_object_get(json_array_get(rows, 1), "subject")));
	assert_true(json_is_null(json_object_get(row, "passed")));
	expect_doubt(ledger, "hp2", "in doubt", "steriliser A failed");
	assert_int_equal(count(ledger, "doubt", json_pack("{s:s}", "subject", "p1")), 1);
	assert_int_equal(count(ledger, "doubt", json_pack("{s:s}", "subject", "p2")), 0);

	/* nothing is released while it stands */
	add_cycle(ledger, 4, "2026-02-04T10:00:00Z", "{}");
	refuse(release(ledger, 4, "{\"integrator\":\"pass\",\"chemical\":\"pass\"}"), -EINVAL,
		"biological test");
	test_ok(ledger, "invalid", "{\"cycle\":4, \"control\":\"no-growth\"}");
	refuse(release(ledger, 4, "{\"integrator\":\"pass\",\"chemical\":\"pass\"}"), -EINVAL,
		"biological test");
	/* nor by a test that ran in the very cycle that failed */
	test_ok(ledger, "pass", "{\"cycle\":3}");
	expect_item(ledger, "hp3", "blocked", "failed");
	refuse(release(ledger, 4, "{\"integrator\":\"pass\",\"chemical\":\"pass\"}"), -EINVAL,
		"biological test");
	test_ok(ledger, "pass", "{\"cycle\":4}");
	release_ok(ledger, 4);
	expect_item(ledger, "hp2", "blocked", NULL);
	expect_item(ledger, "hp3", "blocked", NULL);
	/* who was treated from them stays known */
	assert_int_equal(count(ledger, "doubt", json_pack("{s:s}", "subject", "p1")), 1);
	expect_doubt(ledger, "hp2", "cleared", NULL);
}

static void test_a_rejection_is_told_in_full(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	json_auto_t *rows = NULL;
	json_t *row;

	add_loads(ledger);
	test_ok(ledger, "fail", "{\"cycle\":3}");
	enter_ok(ledger, "cycle.rejected",
		"{\"sterilizer\":\"A\",\"cycle\":3,\"reason\":\"wet packs found\"}");
	rows = look_up(ledger, "sterilization", json_pack("{s:i}", "cycle", 3));
	row = json_array_get(rows, 0);
	assert_true(json_is_string(json_object_get(row, "rejected")));
	assert_string_equal(json_string_value(json_object_get(row, "rejected_by")), "b1");
	assert_string_equal(json_string_value(json_object_get(row, "rejected_reason")), "wet packs found");
	expect_doubt(ledger, "hp3", "rejected", "its load was rejected");
}

static void test_items_may_have_to_be_sterilised_again(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_loads(ledger);
	test_ok(ledger, "fail", "{\"cycle\":3}");
	/* a test that passed in between and is entered late: what ran before it was never in doubt */
	test_ok(ledger, "pass", "{\"tested\":\"2026-02-02T12:00:00Z\", \"reprocess\":true}");
	expect_item(ledger, "hp2", "blocked", NULL);
	expect_item(ledger, "hp3", "blocked", "wait for one that passes");
	test_ok(ledger, "pass", "{\"tested\":\"2026-02-04T10:00:00Z\", \"reprocess\":true}");
	expect_item(ledger, "hp3", "blocked", "sterilise it again");
	add_cycle(ledger, 5, "2026-02-05T10:00:00Z", "{\"contents\":[\"hp3\"]}");
	release_ok(ledger, 5);
	expect_item(ledger, "hp3", "blocked", NULL);
}

static void test_a_failed_test_is_followed_up(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	uint64_t passed, failed;
	char body[96];

	add_loads(ledger);
	passed = test_ok(ledger, "pass", "{\"cycle\":2}");
	failed = test_ok(ledger, "fail", "{\"cycle\":3}");
	assert_int_equal(count(ledger, "check", json_pack("{s:s}", "rule", "follow-up")), 1);
	snprintf(
		body, sizeof body, "{\"test\":%llu,\"action\":\"all repacked\"}", (unsigned long long)passed);
	refuse(enter(ledger, "indicator.followed-up", body), -ENOENT, "no biological test that failed");
	snprintf(body, sizeof body, "{\"test\":%llu,\"action\":\"all repacked\",\"notified\":\"the county\"}",
		(unsigned long long)failed);
	enter_ok(ledger, "indicator.followed-up", body);
	assert_int_equal(count(ledger, "check", json_pack("{s:s}", "rule", "follow-up")), 0);
}

/* ---- what is due ---- */

/** What the record of a test says of the next one. */
static void expect_body_due(Ledger *ledger, uint64_t seq, const char *expected)
{
	json_auto_t *rows =
		look_up(ledger, "records", json_pack("{s:I, s:i}", "after", (json_int_t)seq - 1, "limit", 1));
	json_t *body = json_object_get(json_array_get(rows, 0), "body");
	const char *due = json_string_value(json_object_get(body, "due"));

	assert_non_null(body);
	if (expected)
		assert_string_equal(due, expected);
	else
		assert_null(due);
}

static void test_the_record_says_when_the_next_is_due(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_sterilizer(ledger);
	add_cycle(ledger, 1, "2026-02-01T23:59:00Z", "{}");
	expect_body_due(ledger, test_ok(ledger, "pass", "{\"cycle\":1}"), "2026-03-03");
	expect_body_due(ledger, test_ok(ledger, "fail", "{\"cycle\":1}"), NULL);
	expect_body_due(ledger, test_ok(ledger, "pass", "{\"cycle\":1, \"biological_days\":0}"), NULL);
}

static void expect_due(Ledger *ledger, const char *reason, const char *due)
{
	json_auto_t *rows = look_up(ledger, "due",
		json_pack("{s:i, s:i, s:i, s:i}", "biological_days", 30, "biological_cycles", 3,
			"after_installation", 1, "after_repair", 1));
	json_t *row = json_array_get(rows, 0);

	if (!reason) {
		assert_int_equal(json_array_size(rows), 0);
		return;
	}
	assert_int_equal(json_array_size(rows), 1);
	assert_string_equal(json_string_value(json_object_get(row, "reason")), reason);
	assert_string_equal(json_string_value(json_object_get(row, "due")), due);
}

static void test_what_is_due(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	expect_due(ledger, NULL, NULL);
	add_sterilizer(ledger);
	expect_due(ledger, "installation", "2026-01-01");
	test_ok(ledger, "pass", "{\"tested\":\"2026-01-02T10:00:00Z\"}");
	expect_due(ledger, "interval", "2026-02-01");
	test_ok(ledger, "invalid", "{\"tested\":\"2026-01-20T10:00:00Z\"}");
	expect_due(ledger, "interval", "2026-02-01");
	for (int i = 1; i <= 3; i++) {
		static const char *const days[] = { "2026-01-03T10:00:00Z", "2026-01-04T10:00:00Z",
			"2026-01-05T10:00:00Z" };

		add_cycle(ledger, i, days[i - 1], "{}");
	}
	expect_due(ledger, "cycles", "2026-01-05");
	test_ok(ledger, "fail", "{\"cycle\":3}");
	expect_due(ledger, "failed", "2026-01-05");
	test_ok(ledger, "pass", "{\"tested\":\"2026-01-06T10:00:00Z\"}");
	expect_due(ledger, "interval", "2026-02-05");
	enter_ok(ledger, "sterilizer.serviced",
		"{\"sterilizer\":\"A\",\"work\":\"maintenance\",\"done\":\"2026-01-07T10:00:00Z\",\"by\":\"M\"}");
	expect_due(ledger, "interval", "2026-02-05");
	enter_ok(ledger, "sterilizer.serviced",
		"{\"sterilizer\":\"A\",\"work\":\"major-repair\",\"done\":\"2026-01-08T10:00:00Z\",\"by\":\"M\"}");
	expect_due(ledger, "repair", "2026-01-08");
	test_ok(ledger, "pass", "{\"tested\":\"2026-01-08T09:59:59Z\"}");
	expect_due(ledger, "repair", "2026-01-08");
	test_ok(ledger, "pass", "{\"tested\":\"2026-01-08T10:00:00Z\"}");
	expect_due(ledger, "interval", "2026-02-07");
	enter_ok(ledger, "sterilizer.serviced",
		"{\"sterilizer\":\"A\",\"work\":\"retired\",\"done\":\"2026-01-09T10:00:00Z\",\"by\":\"M\"}");
	expect_due(ledger, NULL, NULL);
	enter_ok(ledger, "sterilizer.serviced",
		"{\"sterilizer\":\"A\",\"work\":\"returned\",\"done\":\"2026-01-10T10:00:00Z\",\"by\":\"M\"}");
	expect_due(ledger, "repair", "2026-01-10");
	refuse(enter(ledger, "sterilizer.serviced",
		       "{\"sterilizer\":\"Z\",\"work\":\"repair\",\"done\":\"2026-01-10T10:00:00Z\",\"by\":\"M\"}"),
		-ENOENT, "steriliser Z");
}

static void test_retiring_hides_no_failed_test(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	uint64_t failed;
	char body[96];

	add_loads(ledger);
	failed = test_ok(ledger, "fail", "{\"cycle\":3}");
	service(ledger, "retired", "2026-02-04T10:00:00Z");
	expect_due(ledger, "failed", "2026-02-03");
	assert_int_equal(count(ledger, "doubt", json_object()), 2);
	expect_item(ledger, "hp3", "blocked", "steriliser A failed");
	snprintf(body, sizeof body, "{\"test\":%llu,\"action\":\"scrapped\"}", (unsigned long long)failed);
	enter_ok(ledger, "indicator.followed-up", body);
	expect_due(ledger, NULL, NULL); /* no other test can follow */
	expect_item(ledger, "hp3", "blocked", "steriliser A failed");
	assert_int_equal(count(ledger, "doubt", json_object()), 2);
}

static void test_nothing_is_due_without_figures(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_sterilizer(ledger);
	assert_int_equal(count(ledger, "due", json_object()), 0);
	assert_int_equal(count(ledger, "check", json_object()), 0);
	assert_int_equal(count(ledger, "due", json_pack("{s:i}", "biological_days", 7)), 1);
}

/** Everything that the tables say, as text. */
static char *dump(Ledger *ledger)
{
	static const char *const queries[] = { "sterilizers", "sterilization", "indicators", "doubt",
		"sterile" };
	json_auto_t *all = json_array();

	for (size_t i = 0; i < ELEMENTS(queries); i++)
		json_array_append_new(all, look_up(ledger, queries[i], json_object()));
	return json_dumps(all, JSON_SORT_KEYS);
}

static void test_a_rebuild_gives_the_same(void **state)
{
	Fixture *fixture = *state;
	_cleanup_(freep) char *before = NULL, *after = NULL;
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;

	add_loads(fixture->ledger);
	test_ok(fixture->ledger, "fail", "{\"cycle\":3}");
	test_ok(fixture->ledger, "pass", "{\"tested\":\"2026-02-02T12:00:00Z\", \"reprocess\":true}");
	add_cycle(fixture->ledger, 4, "2026-02-04T10:00:00Z", "{\"integrator\":\"fail\"}");
	enter_ok(fixture->ledger, "cycle.rejected", "{\"sterilizer\":\"A\",\"cycle\":4,\"reason\":\"wet\"}");
	before = dump(fixture->ledger);
	assert_non_null(strstr(before, "wait for one that passes"));
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(projection_rebuild(db), 0);
	after = dump(fixture->ledger);
	assert_string_equal(before, after);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_a_cycle_is_recorded_once),
		LEDGER_TEST(test_a_release_needs_its_proofs),
		LEDGER_TEST(test_a_rejected_load_is_not_sterile),
		LEDGER_TEST(test_a_counter_begins_anew_after_a_repair),
		LEDGER_TEST(test_a_repair_that_is_recorded_late),
		LEDGER_TEST(test_impossible_cycles_are_not_released),
		LEDGER_TEST(test_no_load_is_released_before_the_test),
		LEDGER_TEST(test_no_load_is_released_before_it_ended),
		LEDGER_TEST(test_a_retired_steriliser_releases_nothing),
		LEDGER_TEST(test_an_older_load_does_not_make_sterile),
		LEDGER_TEST(test_a_test_must_rest_on_something),
		LEDGER_TEST(test_a_failed_test_puts_loads_in_doubt),
		LEDGER_TEST(test_items_may_have_to_be_sterilised_again),
		LEDGER_TEST(test_a_rejection_is_told_in_full),
		LEDGER_TEST(test_a_failed_test_is_followed_up),
		LEDGER_TEST(test_the_record_says_when_the_next_is_due),
		LEDGER_TEST(test_what_is_due),
		LEDGER_TEST(test_retiring_hides_no_failed_test),
		LEDGER_TEST(test_nothing_is_due_without_figures),
		LEDGER_TEST(test_a_rebuild_gives_the_same),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
