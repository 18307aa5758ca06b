/* SPDX-License-Identifier: Apache-2.0 */

/** Records that another station of the clinic entered: each counts once, and none holds up those behind it.
 */

#include "clinic-fixture.h"

static int setup_member(void **state)
{
	_cleanup_(registry_freep) TestRegistry *registry = registry_new();
	int r = setup(state);

	if (r == 0)
		accepted(((Fixture *)*state)->ledger, "clinic.joined", joined_as(registry, HERE));
	return r;
}

#define SHARED_TEST(name) cmocka_unit_test_setup_teardown(name, setup_member, teardown)

static json_t *status(const char *name, const char *to)
{
	return json_pack("{s:s, s:s}", "lot", name, "status", to);
}

/** As somebody enters it here. */
static json_t *own_status(const char *name, const char *to)
{
	return json_pack("{s:s, s:s, s:s}", "lot", name, "status", to, "reason", "maker's notice 12");
}

static void expect_refusal(LedgerAnswer answer, int error, const char *says)
{
	if (answer.error != error || !strstr(answer.text, says))
		fail_msg("%d: %s", answer.error, answer.text);
}

static void rebuild_and_verify(Fixture *fixture)
{
	sqlite3 *db = NULL;

	expect_sound(fixture->path);
	assert_int_equal(sqlite3_open(fixture->path, &db), SQLITE_OK);
	assert_int_equal(projection_rebuild(db), 0);
	sqlite3_close(db);
	expect_sound(fixture->path);
}

/* ---- once ---- */

static void test_a_delivery_is_the_clinics_and_counts_once(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	LedgerAnswer first, again;

	accepted(ledger, "lot.received", lot("L1", 20, "2027-01-01"));
	first = append_shared(ledger, "lot.received", 7, lot("L1", 30, "2027-01-01"));
	assert_int_equal(first.error, 0);
	again = append_shared(ledger, "lot.received", 7, lot("L1", 30, "2027-01-01"));
	expect_refusal(again, -EEXIST, "on record already");
	assert_int_equal(again.seq, first.seq);
	expect(ledger, "lot", named("lot", "L1"), "quantity", "50");
	expect_rows(ledger, "deliveries", named("lot", "L1"), 2);
	rebuild_and_verify(fixture);
	expect(ledger, "lot", named("lot", "L1"), "quantity", "50");
}

static void test_the_station_does_not_hear_itself(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	LedgerRecord record = { .kind = "lot.received", .actor = "clinic" };
	LedgerAnswer answer = { 0 };
	json_t *body = lot("L1", 30, "2027-01-01");

	accepted(ledger, "lot.received", lot("L1", 20, "2027-01-01"));
	json_object_set_new(body, "from", json_string(HERE " 2"));
	record.body = body;
	assert_int_equal(ledger_append(ledger, &record, keep_answer, &answer), 0);
	serve(ledger);
	expect_refusal(answer, -EEXIST, "on record already");
	assert_int_equal(answer.seq, 2);
	/* after a backup took the ledger's place, under another epoch: what came after it was lost, and comes
	 * back */
	accepted(ledger, "ledger.restored", json_pack("{s:i, s:i}", "size", 2, "lacking", 9));
	json_object_set_new(body, "from", json_string(HERE "/epoch-2 2"));
	assert_int_equal(ledger_append(ledger, &record, keep_answer, &answer), 0);
	serve(ledger);
	expect_refusal(answer, -EEXIST, "on record already");
	json_object_set_new(body, "from", json_string(HERE "/epoch-2 9"));
	assert_int_equal(ledger_append(ledger, &record, keep_answer, &answer), 0);
	serve(ledger);
	assert_int_equal(answer.error, 0);
	json_decref(body);
	expect(ledger, "lot", named("lot", "L1"), "quantity", "50");
}

static void test_nobody_else_may_say_so(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	json_t *body = lot("L1", 30, "2027-01-01");

	json_object_set_new(body, "from", json_string(THERE " 7"));
	expect_refusal(
		append(ledger, "lot.received", json_incref(body)), -EPERM, "only the clinic's registry");
	json_object_set_new(body, "from", json_string(THERE));
	assert_int_equal(append(ledger, "lot.received", json_incref(body)).error, -EPERM);
	expect_refusal(
		append_shared(ledger, "lot.received", 0, body), -EINVAL, "which record of which station");
}

/* ---- bars ---- */

static void expect_status(Ledger *ledger, const char *name, const char *status_now)
{
	expect(ledger, "lot", named("lot", name), "status", status_now);
}

static void test_a_recall_elsewhere_bars_here(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	accepted(ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	accepted(ledger, "needle.claimed", claim(UNIT("A"), "L1", 1));
	shared(ledger, "lot.status", 5, status("L1", "recalled"));
	refused(ledger, "needle.claimed", claim(UNIT("B"), "L1", 1), -EKEYREVOKED, "lot L1 is recalled");
	expect(ledger, "barred-lots", json_object(), "lot", "L1");
	/* what was barred here stays so when the other station, which did not know, releases its own */
	accepted(ledger, "lot.received", lot("L2", 9, "2027-01-01"));
	shared(ledger, "lot.status", 6, status("L2", "quarantined"));
	accepted(ledger, "lot.status", own_status("L2", "recalled"));
	shared(ledger, "lot.status", 9,
		json_pack("{s:s, s:s, s:[s]}", "lot", "L2", "status", "released", "lifts", THERE " 6"));
	expect_status(ledger, "L2", "recalled");
	refused(ledger, "needle.claimed", claim(UNIT("C"), "L2", 1), -EKEYREVOKED, "recalled");
	rebuild_and_verify(fixture);
	expect_status(ledger, "L1", "recalled");
	expect_status(ledger, "L2", "recalled");
}

/** A release lifts what its station knew of: both stations' bars. */
static void test_a_release_lifts_what_was_known(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	json_auto_t *rows = NULL;
	const json_t *lifts;
	LedgerAnswer own;
	char bar[64];

	enrol(ledger, "b1", "supervisor");
	accepted(ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	own = append(ledger, "lot.status", own_status("L1", "quarantined"));
	snprintf(bar, sizeof bar, HERE " %llu", (unsigned long long)own.seq);
	shared(ledger, "lot.status", 5, status("L1", "quarantined"));
	shared(ledger, "lot.status", 8,
		json_pack("{s:s, s:s, s:[s]}", "lot", "L1", "status", "released", "lifts", bar));
	expect_status(ledger, "L1", "quarantined");
	shared(ledger, "lot.status", 9,
		json_pack(
			"{s:s, s:s, s:[s, s]}", "lot", "L1", "status", "released", "lifts", bar, THERE " 5"));
	expect_status(ledger, "L1", "released");
	/* this station's own release says what it lifts */
	own = append(ledger, "lot.status", own_status("L1", "recalled"));
	shared(ledger, "lot.status", 12, status("L1", "quarantined"));
	expect_status(ledger, "L1", "recalled");
	accepted(ledger, "lot.status", own_status("L1", "released"));
	expect_status(ledger, "L1", "released");
	rows = look_up(ledger, "records", json_pack("{s:s}", "kind", "lot.status"));
	lifts = json_object_get(
		json_object_get(json_array_get(rows, json_array_size(rows) - 1), "body"), "lifts");
	snprintf(bar, sizeof bar, HERE " %llu", (unsigned long long)own.seq);
	assert_int_equal(json_array_size(lifts), 2);
	assert_string_equal(json_string_value(json_array_get(lifts, 0)), bar);
	assert_string_equal(json_string_value(json_array_get(lifts, 1)), THERE " 12");
	/* of a station from before the registry, which said nothing of bars: those of its own */
	shared(ledger, "lot.status", 20, status("L1", "quarantined"));
	accepted(ledger, "lot.status", own_status("L1", "recalled"));
	shared(ledger, "lot.status", 21, status("L1", "released"));
	expect_status(ledger, "L1", "recalled");
	rebuild_and_verify(fixture);
}

static void test_a_lot_is_barred_before_it_is_received(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	shared(ledger, "lot.status", 5, status("L1", "recalled"));
	refused(ledger, "lot.received", lot("L1", 9, "2027-01-01"), -EKEYREVOKED,
		"recalled at another station");
	shared(ledger, "lot.received", 6, lot("L1", 9, "2027-01-01"));
	expect_status(ledger, "L1", "recalled");
	refused(ledger, "needle.claimed", claim(UNIT("A"), "L1", 1), -EKEYREVOKED, "recalled");
	shared(ledger, "lot.status", 7, status("L1", "released"));
	expect_status(ledger, "L1", "released");
	accepted(ledger, "needle.claimed", claim(UNIT("A"), "L1", 1));
	rebuild_and_verify(fixture);
}

static json_t *pigment(const char *expiry, int quantity)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:i}", "brand", "B", "colour", "black", "lot", "P1", "expiry",
		expiry, "quantity", quantity);
}

static json_t *loaded(const char *expiry)
{
	return json_pack("{s:i, s:s, s:s, s:s, s:s}", "session", 1, "brand", "B", "colour", "black", "lot",
		"P1", "expiry", expiry);
}

static void test_pigment_is_barred_alike(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	shared(ledger, "pigment.status", 4,
		json_pack("{s:s, s:s, s:s}", "lot", "P1", "brand", "B", "status", "recalled"));
	shared(ledger, "pigment.received", 5, pigment("2027-05-31", 2));
	refused(ledger, "pigment.loaded", loaded("2027-05-31"), -EKEYREVOKED, "recalled");
	shared(ledger, "pigment.status", 6, status("P1", "released"));
	accepted(ledger, "pigment.loaded", loaded("2027-05-31"));
	/* where two stations read two expiries, the earlier one holds */
	shared(ledger, "pigment.received", 7, pigment("2026-12-31", 2));
	refused(ledger, "pigment.loaded", loaded("2027-05-31"), -EINVAL, "expires on 2026-12-31");
	expect(ledger, "pigment-lots", json_object(), "quantity", "4");
	rebuild_and_verify(fixture);
}

/* ---- what contradicts ---- */

static json_t *steriliser(void)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:s}", "sterilizer", "S1", "maker", "M", "model", "B18",
		"serial", "77", "installed", "2026-01-01");
}

static json_t *cycle(int number)
{
	return json_pack("{s:s, s:i, s:s, s:s, s:f, s:i, s:[s]}", "sterilizer", "S1", "cycle", number,
		"program", "B", "started", "2026-03-01T08:00:00Z", "temperature_c", 134.5, "exposure_s", 240,
		"contents", "hp1");
}

static json_t *load(int number)
{
	return json_pack("{s:s, s:i, s:s, s:s, s:s, s:i}", "sterilizer", "S1", "cycle", number, "signed",
		"released", "profile", "x", "proofs", "", "sterile_days", 90);
}

static json_t *rejection(int number)
{
	return json_pack("{s:s, s:i}", "sterilizer", "S1", "cycle", number);
}

static void test_loads_are_the_clinics(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	shared(ledger, "sterilizer.registered", 3, steriliser());
	expect_refusal(append(ledger, "sterilizer.registered", steriliser()), -EEXIST, "");
	shared(ledger, "cycle.recorded", 4, cycle(1));
	shared(ledger, "handpiece.registered", 5, json_pack("{s:s, s:s}", "handpiece", "hp1", "model", "m"));
	shared(ledger, "cycle.released", 6, load(1));
	expect(ledger, "sterile", named("handpiece", "hp1"), "cycle", "1");
	expect(ledger, "sterilization", json_pack("{s:i}", "cycle", 1), "released_by", "b9");
	/* what contradicts is refused, and goes on record as that */
	expect_refusal(append_shared(ledger, "cycle.recorded", 7, cycle(1)), -EEXIST, "");
	assert_int_equal(append_shared(ledger, "cycle.recorded", 7, cycle(1)).seq, 0);
	expect_refusal(append_shared(ledger, "cycle.released", 8, load(1)), -EEXIST, "released here before");
	expect_refusal(append_shared(ledger, "cycle.released", 9, load(99)), -ENOENT, "not on record");
	expect_refusal(append_shared(ledger, "lot.certificate", 10,
			       json_pack("{s:s, s:s, s:s, s:i}", "lot", "L9", "file", "f", "sha256", "0",
				       "bytes", 1)),
		-ENOENT, "not on record");
	accepted(ledger, "clinic.refused",
		json_pack("{s:i, s:s, s:s, s:s}", "number", 1010, "kind", "lot.certificate", "from",
			THERE " 10", "text", "lot L9 is not on record"));
	/* rejected here, and released by somebody who did not know: the rejection stays */
	shared(ledger, "cycle.recorded", 11, cycle(2));
	accepted(ledger, "cycle.rejected",
		json_pack("{s:s, s:i, s:s}", "sterilizer", "S1", "cycle", 2, "reason", "wet"));
	expect_refusal(
		append_shared(ledger, "cycle.released", 12, load(2)), -EKEYREVOKED, "rejected here before");
	/* released here, and rejected there: rejected */
	shared(ledger, "cycle.rejected", 13, rejection(1));
	expect_rows(ledger, "sterile", named("handpiece", "hp1"), 1);
	rebuild_and_verify(fixture);
}

static void test_a_follow_up_names_the_test_here(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	json_auto_t *rows = NULL;
	LedgerAnswer test;

	shared(ledger, "sterilizer.registered", 3, steriliser());
	test = append_shared(ledger, "indicator.tested", 40,
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:b, s:i}", "sterilizer", "S1", "lot",
			"BI", "expiry", "2027-01-01", "control", "growth", "result", "fail", "incubation_h",
			24, "tested", "2026-03-01T08:00:00Z", "profile", "x", "reprocess", 0,
			"biological_days", 30));
	assert_int_equal(test.error, 0);
	shared(ledger, "indicator.followed-up", 44, json_pack("{s:i, s:b}", "test", 40, "told", 1));
	rows = look_up(ledger, "records", json_pack("{s:s}", "kind", "indicator.followed-up"));
	assert_int_equal(
		json_integer_value(json_object_get(json_object_get(json_array_get(rows, 0), "body"), "test")),
		test.seq);
	expect_refusal(append_shared(ledger, "indicator.followed-up", 45, json_pack("{s:i}", "test", 41)),
		-ENOENT, "test 41 of that station");
	rebuild_and_verify(fixture);
}

static void test_an_administrator_remains(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	enrol(ledger, "b1", "administrator");
	enrol(ledger, "b2", "technician");
	shared(ledger, "operator.revoked", 5, named("badge", "b2"));
	expect(ledger, "operators", named("badge", "b2"), "state", "revoked");
	shared(ledger, "operator.revoked", 6, named("badge", "somebody"));
	expect_refusal(append_shared(ledger, "operator.revoked", 7, named("badge", "b1")), -EPERM,
		"last administrator");
	enrol(ledger, "b3", "administrator");
	shared(ledger, "operator.revoked", 7, named("badge", "b1"));
	rebuild_and_verify(fixture);
}

/** Times are those at which it was entered, not those at which it came. */
static void test_times_are_those_of_the_other_station(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	shared(ledger, "lot.received", 7, lot("L1", 30, "2027-01-01"));
	expect(ledger, "lot", named("lot", "L1"), "received", "2026-03-01T09:00:00.000000Z");
}

/** What an older version of the other station recorded, this one would no longer take. */
static void test_what_was_entered_elsewhere_is_not_judged_again(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	json_t *many = lot("L1", 500000, "2027-01-01");

	refused(ledger, "lot.received", json_incref(many), -EINVAL, "quantity");
	shared(ledger, "lot.received", 7, many);
	expect(ledger, "lot", named("lot", "L1"), "quantity", "500000");
	/* but what is no record at all is none */
	expect_refusal(
		append_shared(ledger, "lot.received", 8, named("lot", "L2")), -EINVAL, "needs the field");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		SHARED_TEST(test_a_delivery_is_the_clinics_and_counts_once),
		SHARED_TEST(test_the_station_does_not_hear_itself),
		SHARED_TEST(test_nobody_else_may_say_so),
		SHARED_TEST(test_a_recall_elsewhere_bars_here),
		SHARED_TEST(test_a_release_lifts_what_was_known),
		SHARED_TEST(test_a_lot_is_barred_before_it_is_received),
		SHARED_TEST(test_pigment_is_barred_alike),
		SHARED_TEST(test_loads_are_the_clinics),
		SHARED_TEST(test_a_follow_up_names_the_test_here),
		SHARED_TEST(test_an_administrator_remains),
		SHARED_TEST(test_times_are_those_of_the_other_station),
		SHARED_TEST(test_what_was_entered_elsewhere_is_not_judged_again),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
