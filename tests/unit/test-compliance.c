/* SPDX-License-Identifier: Apache-2.0 */

/** What the record lacks under a compliance profile. */

#include "sterilization-fixture.h"

static json_t *profile(void)
{
	return json_pack("{s:i, s:i, s:i, s:i, s:s, s:s, s:s, s:s}", "biological_days", 30,
		"after_installation", 1, "after_repair", 1, "registration", 1, "proofs",
		"mechanical pressure integrator chemical contents release items notified certificate membrane pigment consent screening signature"
		" client_signature needles_sealed care_sheet copy disposal",
		"certificates", "[\"bloodborne pathogens\"]", "questions",
		"[\"pregnancy\",\"latex-allergy\"]", "today", "2026-03-02");
}

/** Exactly one gap of a rule, of this subject; or none when `subject` is NULL. */
static void expect_gap(Ledger *ledger, const char *rule, const char *subject)
{
	json_t *arguments = profile();
	json_auto_t *rows = NULL;

	json_object_set_new(arguments, "rule", json_string(rule));
	rows = look_up(ledger, "check", arguments);
	if (json_array_size(rows) != (subject != NULL))
		fail_msg("%s: %zu rows", rule, json_array_size(rows));
	if (subject)
		assert_string_equal(
			json_string_value(json_object_get(json_array_get(rows, 0), "subject")), subject);
}

static void test_gaps_of_sterilisation(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	static const char *const rules[] = { "cycle-integrator", "cycle-chemical", "cycle-contents",
		"cycle-mechanical", "cycle-release" };
	json_t *bare = cycle(1, "2026-02-01T10:00:00Z", "{}");

	add_sterilizer(ledger);
	expect_gap(ledger, "biological", "steriliser A");
	test_ok(ledger, "pass", "{\"tested\":\"2026-02-01T10:00:00Z\"}");
	expect_gap(ledger, "biological", NULL);
	json_object_del(bare, "mechanical");
	json_object_del(bare, "contents");
	json_object_del(bare, "pressure_kpa");
	assert_int_equal(append(ledger, "cycle.recorded", bare).error, 0);
	for (size_t i = 0; i < ELEMENTS(rules); i++)
		expect_gap(ledger, rules[i], "A cycle 1");
	assert_int_equal(
		release(ledger, 1,
			"{\"integrator\":\"pass\",\"chemical\":\"pass\",\"mechanical\":\"pass\",\"contents\":[\"x\"]}")
			.error,
		0);
	for (size_t i = 0; i < ELEMENTS(rules); i++)
		expect_gap(ledger, rules[i], NULL);
	expect_gap(ledger, "cycle-pressure", "A cycle 1"); /* the figure of the cycle itself */
	/* a test that failed is a gap on its own day */
	test_ok(ledger, "fail", "{\"tested\":\"2026-03-02T09:00:00Z\"}");
	expect_gap(ledger, "biological", "steriliser A");
	add_cycle(ledger, 2, "2026-02-02T10:00:00Z", "{\"chemical\":\"fail\"}");
	expect_gap(ledger, "cycle-failed", "A cycle 2");
	for (size_t i = 0; i < ELEMENTS(rules); i++)
		expect_gap(ledger, rules[i], NULL); /* it will be rejected: no more is asked of it */
	enter_ok(ledger, "cycle.rejected", "{\"sterilizer\":\"A\",\"cycle\":2,\"reason\":\"wet\"}");
	expect_gap(ledger, "cycle-failed", NULL);
	expect_gap(ledger, "cycle-integrator", NULL);
}

/** Every question of the profile must have been asked, in whichever screening of the session. */
static void test_gaps_of_questions(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	begin(ledger, 1, "p1");
	enter_ok(ledger, "strokes",
		"{\"session\":1,\"zone\":\"crown\",\"unit\":\"u\",\"strokes\":7,\"dots\":2,\"encoding\":\"e\",\"sha256\":\"0\"}");
	expect_gap(ledger, "session-screening", "session 1");
	expect_gap(ledger, "session-questions", NULL); /* it is listed once */
	/* of an earlier version, which does not list what was asked */
	enter_ok(ledger, "session.screening",
		"{\"session\":1,\"answers\":{\"pregnancy\":false,\"eczema\":true},\"refused\":[]}");
	expect_gap(ledger, "session-questions", "session 1");
	enter_ok(ledger, "session.screening",
		"{\"session\":1,\"answers\":{},\"refused\":[],\"asked\":[\"eczema\",\"pregnancy\"]}");
	expect_gap(ledger, "session-questions", "session 1");
	enter_ok(ledger, "session.screening",
		"{\"session\":1,\"answers\":{},\"refused\":[],\"asked\":[\"latex-allergy\",\"pregnancy\"]}");
	expect_gap(ledger, "session-questions", NULL);
	/* what was asked stays known when the answers are erased */
	enter_ok(ledger, "session.abandoned", "{\"session\":1,\"reason\":\"r\"}");
	enter_ok(ledger, "personal.erased",
		"{\"subject\":\"p1\",\"reason\":\"asked\",\"despite\":\"insists\"}");
	expect_gap(ledger, "session-questions", NULL);
}

/** What a client signs, and the copy: each ends one gap. */
static const struct {
	const char *rule, *kind, *body;
} signed_by_client[] = {
	{ "session-client-signature", "session.consent",
		"{\"session\":1,\"consent\":\"treatment\",\"version\":\"1\",\"given\":true,\"signed_on\":\"paper\"}" },
	{ "session-needles-sealed", "session.statement",
		"{\"session\":1,\"statement\":\"needles-sealed\",\"version\":\"1\",\"signed_on\":\"paper\"}" },
	{ "session-care-sheet", "session.statement",
		"{\"session\":1,\"statement\":\"aftercare\",\"version\":\"1\",\"signed_on\":\"paper\"}" },
	{ "session-copy", "session.copied", "{\"session\":1,\"way\":\"paper\"}" },
};

static void test_gaps_of_sessions_and_lots(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	json_t *received = lot("L1", 9, "2027-01-01");

	append(ledger, "lot.received", json_incref(received));
	expect_gap(ledger, "lot-certificate", "lot L1");
	expect_gap(ledger, "lot-membrane", "lot L1");
	json_object_set_new(received, "lot", json_string("L2"));
	json_object_set_new(received, "certificate", json_string("C-1"));
	json_object_set_new(received, "membrane", json_true());
	assert_int_equal(append(ledger, "lot.received", received).error, 0);
	expect_gap(ledger, "lot-certificate", "lot L1");
	expect_gap(ledger, "lot-membrane", "lot L1");
	begin(ledger, 1, "p1");
	append(ledger, "needle.claimed", claim("(01)04012345678901(21)S1", "L2", 1));
	expect_gap(ledger, "session-consent", NULL); /* nothing was done yet */
	enter_ok(ledger, "strokes",
		"{\"session\":1,\"zone\":\"crown\",\"unit\":\"u\",\"strokes\":7,\"dots\":2,\"encoding\":\"e\",\"sha256\":\"0\"}");
	enter_ok(ledger, "session.consent",
		"{\"session\":1,\"consent\":\"treatment\",\"version\":\"1\",\"given\":false}");
	enter_ok(ledger, "session.interrupted", "{\"session\":1}");
	expect_gap(ledger, "session-consent", "session 1");
	expect_gap(ledger, "session-screening", "session 1");
	expect_gap(ledger, "session-registration", "session 1");
	expect_gap(ledger, "session-signature", "session 1");
	expect_gap(ledger, "session-disposal", "session 1");
	for (size_t i = 0; i < ELEMENTS(signed_by_client); i++)
		expect_gap(ledger, signed_by_client[i].rule, "session 1");
	for (size_t i = 0; i < ELEMENTS(signed_by_client); i++) {
		enter_ok(ledger, signed_by_client[i].kind, signed_by_client[i].body);
		expect_gap(ledger, signed_by_client[i].rule, NULL);
	}
	enter_ok(ledger, "session.consent",
		"{\"session\":1,\"consent\":\"treatment\",\"version\":\"1\",\"given\":true}");
	enter_ok(ledger, "session.screening", "{\"session\":1,\"answers\":{},\"refused\":[]}");
	enter_ok(ledger, "subject.registered",
		"{\"subject\":\"P1\"}"); /* a pseudonym's case is of no account */
	enter_ok(ledger, "needle.removed",
		"{\"session\":1,\"unit\":\"(01)04012345678901(21)S1\",\"strokes\":7,\"dots\":2,\"reason\":\"worn\"}");
	enter_ok(ledger, "session.signed", "{\"session\":1,\"meaning\":\"done\"}");
	expect_gap(ledger, "session-disposal", "session 1");
	enter_ok(ledger, "needle.disposed", "{\"session\":1,\"container\":\"SC-7\"}");
	expect_gap(ledger, "session-consent", NULL);
	expect_gap(ledger, "session-screening", NULL);
	expect_gap(ledger, "session-registration", NULL);
	expect_gap(ledger, "session-signature", NULL);
	expect_gap(ledger, "session-disposal", NULL);
}

static void test_gaps_of_operators(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	enter_ok(ledger, "operator.enrolled", "{\"badge\":\"b7\",\"roles\":[\"technician\"]}");
	enter_ok(ledger, "operator.enrolled", "{\"badge\":\"b8\",\"roles\":[\"auditor\"]}");
	expect_gap(ledger, "operator-certificate", "operator b7");
	enter_ok(ledger, "operator.certified",
		"{\"badge\":\"b7\",\"certificate\":\"bloodborne pathogens\",\"issuer\":\"I\",\"expiry\":\"2026-03-02\"}");
	expect_gap(ledger, "operator-certificate", NULL);
	enter_ok(ledger, "operator.certified",
		"{\"badge\":\"b7\",\"certificate\":\"bloodborne pathogens\",\"issuer\":\"I\",\"expiry\":\"2026-03-01\"}");
	expect_gap(ledger, "operator-certificate", "operator b7");
}

static json_t *gap_of(Ledger *ledger, const char *rule)
{
	json_t *arguments = profile();
	json_auto_t *rows = NULL;

	json_object_set_new(arguments, "rule", json_string(rule));
	rows = look_up(ledger, "check", arguments);
	assert_int_equal(json_array_size(rows), 1);
	return json_incref(json_array_get(rows, 0));
}

static void expect_missing(Ledger *ledger, const char *rule, const char *missing, const char *since)
{
	json_auto_t *row = gap_of(ledger, rule);

	assert_string_equal(json_string_value(json_object_get(row, "missing")), missing);
	assert_string_equal(json_string_value(json_object_get(row, "since")), since);
}

/** Neither a certificate of later nor a revocation changes what was true on that day. */
static void test_gaps_of_who_treated(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	enter_ok(ledger, "operator.enrolled", "{\"badge\":\"root\",\"roles\":[\"administrator\"]}");
	enter_ok(ledger, "operator.enrolled", "{\"badge\":\"b1\",\"roles\":[\"technician\"]}");
	begin(ledger, 1, "p1");                          /* by b1 */
	expect_gap(ledger, "session-certificate", NULL); /* nothing was done yet */
	enter_ok(ledger, "strokes",
		"{\"session\":1,\"zone\":\"crown\",\"unit\":\"u\",\"strokes\":7,\"dots\":2,\"encoding\":\"e\",\"sha256\":\"0\"}");
	expect_missing(ledger, "session-certificate", "the certificate bloodborne pathogens of operator b1",
		"2026-03-02");
	fake_utc_us += USEC_PER_DAY;
	enter_ok(ledger, "operator.certified",
		"{\"badge\":\"b1\",\"certificate\":\"Bloodborne Pathogens\",\"issuer\":\"I\",\"expiry\":\"2027-03-02\"}");
	expect_gap(ledger, "operator-certificate", NULL);
	expect_gap(ledger, "session-certificate", "session 1");
	enter_ok(ledger, "operator.revoked", "{\"badge\":\"b1\",\"reason\":\"gone\"}");
	expect_gap(ledger, "session-certificate", "session 1");
	fake_utc_us -= USEC_PER_DAY;
}

/** A test that passes afterwards mends nothing. */
static void test_gaps_of_the_past(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_sterilizer(ledger);
	test_ok(ledger, "pass", "{\"tested\":\"2026-01-02T10:00:00Z\"}");
	add_cycle(ledger, 1, "2026-02-01T10:00:00Z", "{}"); /* the day on which it is due */
	release_ok(ledger, 1);
	expect_gap(ledger, "biological-gap", NULL);
	add_cycle(ledger, 2, "2026-02-02T10:00:00Z", "{}");
	release_ok(ledger, 2);
	add_cycle(ledger, 3, "2026-02-03T10:00:00Z", "{}");
	add_cycle(ledger, 4, "2026-02-04T10:00:00Z", "{}");
	release_ok(ledger, 4);
	test_ok(ledger, "pass", "{\"tested\":\"2026-02-10T10:00:00Z\"}");
	release_ok(ledger, 3);
	expect_gap(ledger, "biological", NULL);
	expect_missing(ledger, "biological-gap",
		"a biological test that passed within 30 days, before the release of cycle 2, 4",
		"2026-02-02");
	service(ledger, "major-repair", "2026-02-11T10:00:00Z");
	add_cycle(ledger, 5, "2026-02-12T10:00:00Z", "{}");
	test_ok(ledger, "pass", "{\"cycle\":5}");
	release_ok(ledger, 5);
	expect_gap(ledger, "biological-gap", "steriliser A");
}

static void test_gaps_after_a_repair(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	add_sterilizer(ledger);
	add_cycle(ledger, 1, "2026-02-12T10:00:00Z", "{}");
	release_ok(ledger, 1);
	expect_missing(ledger, "biological-gap",
		"a biological test that passed after the installation, before the release of cycle 1",
		"2026-01-01");
	test_ok(ledger, "pass", "{\"cycle\":1}");
	expect_gap(ledger, "biological-gap", "steriliser A");
	service(ledger, "relocation", "2026-02-13T10:00:00Z");
	add_cycle(ledger, 2, "2026-02-14T10:00:00Z", "{}");
	release_ok(ledger, 2);
	test_ok(ledger, "pass", "{\"cycle\":2}");
	assert_int_equal(count(ledger, "check", with(profile(), "{\"rule\":\"biological-gap\"}")), 2);
}

static void follow_up(Ledger *ledger, uint64_t test, const char *extra)
{
	LedgerAnswer answer = append(ledger, "indicator.followed-up",
		with(json_pack("{s:I, s:s}", "test", (json_int_t)test, "action", "a letter"), extra));

	assert_int_equal(answer.error, 0);
}

static void claim_from(
	Ledger *ledger, const char *unit, const char *name, const char *source, const char *chip)
{
	json_t *body = claim(unit, name, 1);

	json_object_set_new(body, "source", json_string(source));
	if (chip)
		json_object_set_new(body, "chip", json_string(chip));
	assert_int_equal(append(ledger, "needle.claimed", body).error, 0);
}

static void test_gaps_of_identity(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	append(ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	append(ledger, "lot.received", lot("L9", 9, "2027-01-01"));
	claim_from(ledger, "(01)04012345678901(21)A1", "L1", "scanner", NULL);
	claim_from(ledger, "(01)04012345678901(21)A2", "L1", "keyboard", "0102");
	expect_gap(ledger, "needle-typed", NULL);
	claim_from(ledger, "(01)04012345678901(21)A3", "L1", "keyboard", NULL);
	expect_gap(ledger, "needle-typed", "cartridge (01)04012345678901(21)A3");
	claim_from(ledger, "(01)04012345678901(10)L9", "L9", "scanner", NULL);
	claim_from(ledger, "(01)04012345678901(10)L9", "L9", "scanner", NULL);
	expect_gap(ledger, "needle-mixed", NULL);
	claim_from(ledger, "(01)04012345678901(21)B1", "L9", "scanner", NULL);
	expect_gap(ledger, "needle-mixed", "lot L9");
	expect_missing(
		ledger, "needle-mixed", "the serial of 2 of its cartridges: others have one", "2026-03-02");
}

/** One letter is no follow-up. */
static void test_gaps_of_a_follow_up(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	json_auto_t *row = NULL;
	uint64_t failed;

	add_loads(ledger);
	use(fixture, "hp2", begin(ledger, 1, "p1"));
	failed = test_ok(ledger, "fail", "{\"cycle\":3}");
	assert_int_equal(count(ledger, "check", with(profile(), "{\"rule\":\"follow-up\"}")), 3);
	row = gap_of(ledger, "doubt");
	assert_string_equal(json_string_value(json_object_get(row, "subject")), "subject p1");
	assert_non_null(
		strstr(json_string_value(json_object_get(row, "missing")), "cycle 2 of steriliser A"));
	follow_up(ledger, failed, "{}");
	assert_int_equal(count(ledger, "check", with(profile(), "{\"rule\":\"follow-up\"}")), 2);
	follow_up(ledger, failed, "{\"items\":[\"none\"]}");
	assert_int_equal(count(ledger, "check", with(profile(), "{\"rule\":\"follow-up\"}")), 1);
	expect_gap(ledger, "doubt", "subject p1");
	follow_up(ledger, failed, "{\"notified\":\"county, and p1\"}");
	expect_gap(ledger, "follow-up", NULL);
	expect_gap(ledger, "doubt", NULL);
	expect_gap(ledger, "biological", "steriliser A"); /* the negative test that has to follow */
	test_ok(ledger, "pass", "{\"tested\":\"2026-02-20T10:00:00Z\"}");
	expect_gap(ledger, "biological", NULL);
}

static size_t count_gaps(Ledger *ledger, const char *rule, const char *proofs)
{
	return count(ledger, "check", json_pack("{s:s, s:s}", "rule", rule, "proofs", proofs));
}

/** They come with the cycle or with its release; a cycle without a load needs none. */
static void test_gaps_of_initials(void **state)
{
	static const char wanted[] =
		"{\"integrator\":\"pass\",\"chemical\":\"pass\",\"proofs\":\"initials\"}";
	Ledger *ledger = ((Fixture *)*state)->ledger;
	json_t *empty = cycle(9, "2026-02-09T10:00:00Z", "{}");

	add_sterilizer(ledger);
	json_object_del(empty, "contents");
	assert_int_equal(append(ledger, "cycle.recorded", empty).error, 0);
	assert_int_equal(count_gaps(ledger, "cycle-initials", "initials"), 0);
	add_cycle(ledger, 1, "2026-02-01T10:00:00Z", "{}");
	assert_int_equal(count_gaps(ledger, "cycle-initials", "release"), 0);
	assert_int_equal(count_gaps(ledger, "cycle-initials", "release initials"), 1);
	refuse(release(ledger, 1, wanted), -EINVAL, "enter initials=XX");
	assert_int_equal(
		release(ledger, 1, "{\"chemical\":\"pass\",\"proofs\":\"initials\",\"initials\":\"AE\"}")
			.error,
		0);
	assert_int_equal(count_gaps(ledger, "cycle-initials", "initials"), 0);
	add_cycle(ledger, 2, "2026-02-02T10:00:00Z", "{\"initials\":\"AE\"}");
	assert_int_equal(release(ledger, 2, wanted).error, 0);
	assert_int_equal(count_gaps(ledger, "cycle-initials", "initials"), 0);
}

static void test_gaps_of_an_authority(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	uint64_t failed;

	add_sterilizer(ledger);
	failed = test_ok(ledger, "fail", "{\"tested\":\"2026-02-01T10:00:00Z\"}");
	follow_up(ledger, failed, "{\"notified\":\"the owner\"}");
	assert_int_equal(count_gaps(ledger, "follow-up", "notified"), 0);
	assert_int_equal(count_gaps(ledger, "follow-up", "notified authority"), 1);
	follow_up(ledger, failed, "{\"authority\":\"Toronto Public Health\"}");
	assert_int_equal(count_gaps(ledger, "follow-up", "notified authority"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_gaps_of_sterilisation),
		LEDGER_TEST(test_gaps_of_sessions_and_lots),
		LEDGER_TEST(test_gaps_of_questions),
		LEDGER_TEST(test_gaps_of_operators),
		LEDGER_TEST(test_gaps_of_who_treated),
		LEDGER_TEST(test_gaps_of_the_past),
		LEDGER_TEST(test_gaps_after_a_repair),
		LEDGER_TEST(test_gaps_of_identity),
		LEDGER_TEST(test_gaps_of_a_follow_up),
		LEDGER_TEST(test_gaps_of_initials),
		LEDGER_TEST(test_gaps_of_an_authority),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
