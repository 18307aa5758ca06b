/* SPDX-License-Identifier: Apache-2.0 */

/**
 * A station's year under each compliance profile that is shipped: one generator, which the profile's figures
 * steer, tells it through the ledger with a clock of its own. The check finds nothing in it; and where what
 * one key asks for is left out, it names exactly that.
 */

#include <dirent.h>
#include <unistd.h>

#include "sterilization-fixture.h"

#include "config/profile-file.h"

#define SHIPPED STIPPLE_SOURCE_FOLDER "/configs/profiles"

/* 2026-01-05T00:00:00Z, a Monday */
#define YEAR_BEGINS_US (1767571200LL * USEC_PER_SEC)

enum { YEAR_WEEKS = 52, SHORT_WEEKS = 6, SESSION_WEEKS = 8, INCIDENT_WEEK = 1, FAILURE_WEEK = 3 };

typedef struct Year {
	Ledger *ledger;
	const Profile *profile;
	const char *without;   /* a key that is not met; "" none */
	int week, tested_week; /* tested_week: of the last test that passed, -1 none */
	char text[CLOCK_UTC_TEXT_MAX];
} Year;

static bool lacks(const Year *year, const char *key)
{
	return strcmp(year->without, key) == 0;
}

/** Sets the clock to a time of the week's Monday, and gives it as text. */
static const char *clock_at(Year *year, int hour, int minute)
{
	fake_utc_us = YEAR_BEGINS_US + year->week * 7 * USEC_PER_DAY +
		      (hour * 3600LL + minute * 60LL) * USEC_PER_SEC;
	clock_format_utc(fake_utc_us, year->text);
	snprintf(year->text + 19, sizeof year->text - 19, "Z"); /* whole seconds */
	return year->text;
}

/** Takes `body`. */
static uint64_t record_it(const Year *year, const char *kind, json_t *body)
{
	LedgerAnswer answer = append(year->ledger, kind, body);

	if (answer.error < 0)
		fail_msg("%s without \"%s\", week %d, %s: %s", year->profile->name, year->without, year->week,
			kind, answer.text);
	return answer.seq;
}

static bool has_event(const Year *year, const char *event)
{
	return text_list_has(year->profile->in_a_row_after, event);
}

/* ---- what there is from the start ---- */

static void begin_year(Year *year)
{
	const Profile *profile = year->profile;
	json_t *needles = lot("L1", 900, "2028-01-01");

	clock_at(year, 5, 0);
	record_it(year, "operator.enrolled", json_pack("{s:s, s:[s]}", "badge", "b1", "roles", "technician"));
	for (size_t i = 0; i < profile->n_certificates && !lacks(year, "certificates"); i++)
		record_it(year, "operator.certified",
			json_pack("{s:s, s:s, s:s, s:s}", "badge", "b1", "certificate",
				profile->certificates[i], "issuer", "I", "expiry", "2027-12-31"));
	record_it(year, "sterilizer.registered",
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:s}", "sterilizer", "A", "maker", "M", "model", "B18",
			"serial", "77", "installed", "2026-01-05", "class", "B"));
	if (!lacks(year, "certificate"))
		json_object_set_new(needles, "certificate", json_string("C-1"));
	json_object_set_new(needles, "membrane", json_boolean(!lacks(year, "membrane")));
	record_it(year, "lot.received", needles);
	if (!lacks(year, "registration"))
		record_it(year, "subject.registered", json_pack("{s:s}", "subject", "P-1"));
	if (!lacks(year, "pigment"))
		record_it(year, "pigment.received",
			json_pack("{s:s, s:s, s:s, s:s, s:i, s:s}", "brand", "B", "colour", "black", "lot",
				"PG1", "expiry", "2028-01-01", "quantity", 9, "purpose",
				"permanent make-up"));
	if (!lacks(year, "pigment") && !lacks(year, "ink_label"))
		record_it(year, "pigment.labelled",
			json_pack("{s:s, s:b, s:b, s:b, s:s, s:s, s:s, s:b}", "lot", "PG1", "mixture", 1,
				"batch", 1, "ingredients", 1, "ph_regulator", "named", "nickel", "warned",
				"chromium", "not-contained", "local", 1));
}

/* ---- tests and loads ---- */

static uint64_t spore_test(Year *year, int minute, const char *result)
{
	const char *time = clock_at(year, 6, minute);

	return record_it(year, "indicator.tested",
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:s, s:s, s:i, s:b}", "sterilizer", "A", "lot",
			"BI9", "expiry", "2028-01-31", "control", "growth", "result", result, "incubation_h",
			24, "tested", time, "profile", year->profile->name, "biological_days",
			(int)year->profile->biological_days, "reprocess", (int)year->profile->reprocess));
}

/** As many tests that pass as an event asks for. */
static void spore_tests_after(Year *year, int minute, bool in_a_row)
{
	uint32_t n = in_a_row && !lacks(year, "in_a_row") ? year->profile->in_a_row : 1;

	for (uint32_t i = 0; i < n; i++)
		spore_test(year, minute + (int)i, "pass");
	year->tested_week = year->week;
}

static void follow_failure(Year *year, uint64_t failed)
{
	json_t *body = json_pack("{s:I, s:s}", "test", (json_int_t)failed, "action", "all sterilised again");

	if (!lacks(year, "items"))
		json_object_set_new(body, "items", json_pack("[s]", "none"));
	if (!lacks(year, "notified"))
		json_object_set_new(body, "notified", json_string("the owner"));
	if (!lacks(year, "authority"))
		json_object_set_new(body, "authority", json_string("Health unit"));
	record_it(year, "indicator.followed-up", body);
}

/** A test that fails, and so does the next one. */
static void fail_twice(Year *year)
{
	for (int i = 0; i < 2; i++)
		follow_failure(year, spore_test(year, i, "fail"));
	spore_tests_after(year, 10, has_event(year, "failure") || has_event(year, "repeated-failure"));
}

static void test_spores(Year *year)
{
	const Profile *profile = year->profile;
	int since_days = (year->week - year->tested_week) * 7;
	bool first = year->tested_week < 0;

	if (year->week == 0 && lacks(year, "after_installation"))
		return;
	if (year->week == FAILURE_WEEK && !lacks(year, "days"))
		fail_twice(year);
	else if (first && (profile->after_installation || has_event(year, "installation")))
		spore_tests_after(year, 0, has_event(year, "installation"));
	else if (!first && !lacks(year, "days") && profile->biological_days > 0 &&
		 since_days + 7 > (int)profile->biological_days)
		spore_tests_after(year, 0, false);
}

static void test_machine(Year *year)
{
	const char *time = clock_at(year, 5, 30);

	if (!lacks(year, "penetration_test"))
		record_it(year, "penetration.tested",
			json_pack("{s:s, s:s, s:s, s:s}", "sterilizer", "A", "method", "helix", "tested",
				time, "result", "pass"));
	if (!lacks(year, "leak_test_days"))
		record_it(year, "leak.tested",
			json_pack("{s:s, s:s, s:i, s:f}", "sterilizer", "A", "tested", time, "minutes", 10,
				"rate_kpa_min", 0.1));
}

/** By the profile's rules; a load that lacks something was released by rules that did not ask for it. */
static json_t *release_body(const Year *year)
{
	json_t *body = json_pack("{s:s, s:i, s:s, s:s, s:s, s:i}", "sterilizer", "A", "cycle", year->week + 1,
		"signed", "released", "profile", year->profile->name, "proofs", "", "sterile_days",
		(int)year->profile->sterile_days);
	json_auto_t *rules = profile_arguments(year->profile);
	static const char *const kept[] = { "proofs", "biological_days", "biological_cycles", "in_a_row",
		"in_a_row_after", "unused_days", "leak_test_days" };

	if (year->without[0])
		return body;
	for (size_t i = 0; i < ELEMENTS(kept); i++)
		json_object_set(body, kept[i], json_object_get(rules, kept[i]));
	json_object_set_new(body, "after_installation", json_boolean(year->profile->after_installation));
	json_object_set_new(body, "after_repair", json_boolean(year->profile->after_repair));
	json_object_set_new(body, "penetration_test", json_boolean(year->profile->penetration_test));
	return body;
}

static void sterilise(Year *year)
{
	static const char *const results[] = { "mechanical", "integrator", "chemical" };
	json_t *body = json_pack("{s:s, s:i, s:s, s:s, s:f, s:i}", "sterilizer", "A", "cycle", year->week + 1,
		"program", "B 134", "started", clock_at(year, 8, 0), "temperature_c", 134.5, "exposure_s",
		240);

	for (size_t i = 0; i < ELEMENTS(results); i++)
		if (!lacks(year, results[i]))
			json_object_set_new(body, results[i], json_string("pass"));
	if (!lacks(year, "pressure"))
		json_object_set_new(body, "pressure_kpa", json_real(313));
	if (!lacks(year, "contents"))
		json_object_set_new(body, "contents", json_pack("[s]", "hp1"));
	if (!lacks(year, "initials"))
		json_object_set_new(body, "initials", json_string("AE"));
	record_it(year, "cycle.recorded", body);
	clock_at(year, 9, 0);
	if (!lacks(year, "release"))
		record_it(year, "cycle.released", release_body(year));
}

/* ---- people ---- */

/** All that the profile asks, and one more; the last of them is left out where it is not met. */
static json_t *questions_asked(const Year *year)
{
	const ProfileClient *client = &year->profile->client;
	json_t *list = json_pack("[s]", "eczema");

	for (size_t i = 0; i + lacks(year, "questions") < client->n_questions; i++)
		json_array_append_new(list, json_string(client->questions[i]));
	return list;
}

static void treat(Year *year)
{
	int session = year->week / SESSION_WEEKS + 1;
	char unit[64];

	clock_at(year, 10, 0);
	snprintf(unit, sizeof unit, "(01)04012345678901(21)S%d", session);
	begin(year->ledger, session, "P-1");
	if (!lacks(year, "screening"))
		record_it(year, "session.screening",
			json_pack("{s:i, s:{}, s:[], s:o}", "session", session, "answers", "refused", "asked",
				questions_asked(year)));
	if (!lacks(year, "consent")) {
		json_t *consent = json_pack("{s:i, s:s, s:s, s:b}", "session", session, "consent",
			"treatment", "version", "1", "given", 1);

		if (!lacks(year, "client_signature"))
			json_object_set_new(consent, "signed_on", json_string("paper"));
		record_it(year, "session.consent", consent);
	}
	if (!lacks(year, "needles_sealed"))
		record_it(year, "session.statement",
			json_pack("{s:i, s:s, s:s, s:s}", "session", session, "statement", "needles-sealed",
				"version", "1", "signed_on", "paper"));
	record_it(year, "needle.claimed", claim(unit, "L1", session));
	record_it(year, "pigment.loaded",
		json_pack("{s:i, s:s, s:s, s:s, s:s}", "session", session, "brand", "B", "colour", "black",
			"lot", "PG1", "expiry", "2028-01-01"));
	record_it(year, "strokes",
		json_pack("{s:i, s:s, s:s, s:i, s:i, s:s, s:s}", "session", session, "zone", "crown", "unit",
			unit, "strokes", 7, "dots", 2, "encoding", "e", "sha256", "0"));
	record_it(year, "needle.removed",
		json_pack("{s:i, s:s, s:i, s:i, s:s}", "session", session, "unit", unit, "strokes", 7, "dots",
			2, "reason", "finished"));
	if (!lacks(year, "care_sheet"))
		record_it(year, "session.statement",
			json_pack("{s:i, s:s, s:s, s:s}", "session", session, "statement", "aftercare",
				"version", "1", "signed_on", "paper"));
	record_it(year, lacks(year, "signature") ? "session.abandoned" : "session.signed",
		json_pack("{s:i, s:s}", "session", session, lacks(year, "signature") ? "reason" : "meaning",
			"done"));
	if (!lacks(year, "copy"))
		record_it(
			year, "session.copied", json_pack("{s:i, s:s}", "session", session, "way", "paper"));
	if (!lacks(year, "disposal"))
		record_it(year, "needle.disposed",
			json_pack("{s:i, s:s}", "session", session, "container", "SC-1"));
}

static void suffer_an_incident(Year *year)
{
	const Profile *profile = year->profile;
	uint64_t number;

	clock_at(year, 18, 0);
	number = record_it(year, "incident.reported",
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:i, s:i, s:s, s:s}", "subject", "P-1", "incident",
			"adverse-reaction", "severity", "severe", "text", "pus", "report_to",
			profile->report_to, "report_days", (int)profile->report_days, "report_hours",
			(int)profile->report_hours, "report_of", profile->reports ? profile->report_of : "",
			"report_from", profile->report_from));
	if (!lacks(year, "report_to"))
		record_it(year, "incident.notified",
			json_pack("{s:I, s:s, s:s}", "incident", (json_int_t)number, "authority", "Board",
				"way", "fax"));
}

/* ---- the year ---- */

static void live(Year *year, int weeks)
{
	begin_year(year);
	for (year->week = 0; year->week < weeks; year->week++) {
		test_machine(year);
		test_spores(year);
		sterilise(year);
		if (year->week % SESSION_WEEKS == 0)
			treat(year);
		if (year->week == INCIDENT_WEEK)
			suffer_an_incident(year);
	}
}

/** The rules that the check names, each once, in the order of their names and separated by blanks. */
static void check_year(Year *year, char *ret, size_t size)
{
	json_t *arguments = profile_arguments(year->profile), *row;
	json_auto_t *rows = NULL;
	size_t i, used = 0;

	json_object_del(arguments, "profile");
	json_object_del(arguments, "keep");
	year->week--;
	clock_at(year, 23, 0);
	json_object_set_new(arguments, "today", json_stringn(year->text, 10));
	rows = look_up(year->ledger, "check", arguments);
	ret[0] = '\0';
	json_array_foreach (rows, i, row) {
		const char *rule = json_string_value(json_object_get(row, "rule"));

		if (!text_list_has(ret, rule) && used < size)
			used += (size_t)snprintf(ret + used, size - used, "%s%s", used ? " " : "", rule);
	}
}

static void expect_rules(const Profile *profile, const char *without, int weeks, const char *rules)
{
	void *state = NULL;
	Year year = { .profile = profile, .without = without, .tested_week = -1 };
	char found[512];

	assert_int_equal(setup(&state), 0);
	year.ledger = ((Fixture *)state)->ledger;
	live(&year, weeks);
	check_year(&year, found, sizeof found);
	if (strcmp(found, rules) != 0)
		fail_msg("%s without \"%s\": the check names \"%s\", not \"%s\"", profile->name, without,
			found, rules);
	teardown(&state);
}

/** What each key of [proofs] that is not met makes the check say. */
static const char *rules_of_proof(const Profile *profile, ProfileProof proof)
{
	static const char *const rules[] = {
		[PROFILE_MECHANICAL] = "cycle-mechanical",
		[PROFILE_PRESSURE] = "cycle-pressure",
		[PROFILE_INTEGRATOR] = "cycle-integrator",
		[PROFILE_CHEMICAL] = "cycle-chemical",
		[PROFILE_CONTENTS] = "cycle-contents",
		[PROFILE_RELEASE] = "cycle-release",
		[PROFILE_ITEMS] = "follow-up",
		[PROFILE_INITIALS] = "cycle-initials",
		[PROFILE_AUTHORITY] = "follow-up",
		[PROFILE_NOTIFIED] = "follow-up",
		[PROFILE_CERTIFICATE] = "lot-certificate",
		[PROFILE_MEMBRANE] = "lot-membrane",
		[PROFILE_PIGMENT] = "pigment-received",
		[PROFILE_INK_LABEL] = "pigment-label",
		[PROFILE_CONSENT] = "session-consent",
		[PROFILE_SCREENING] = "session-screening",
		[PROFILE_SIGNATURE] = "session-signature",
		[PROFILE_CLIENT_SIGNATURE] = "session-client-signature",
		[PROFILE_NEEDLES_SEALED] = "session-needles-sealed",
		[PROFILE_CARE_SHEET] = "session-care-sheet",
		[PROFILE_COPY] = "session-copy",
		[PROFILE_DISPOSAL] = "session-disposal",
	};

	/* a consent that is not there is not signed either */
	if (proof == PROFILE_CONSENT && profile->proofs[PROFILE_CLIENT_SIGNATURE])
		return "session-client-signature session-consent";
	return (size_t)proof < ELEMENTS(rules) ? rules[proof] : NULL;
}

static void expect_proofs(const Profile *profile)
{
	for (ProfileProof proof = 0; proof < PROFILE_PROOF_MAX; proof++) {
		const char *name = profile_proof_to_string(proof), *rules = rules_of_proof(profile, proof);

		if (!rules)
			fail_msg("this test does not know what is said without %s", name);
		if (profile->proofs[proof])
			expect_rules(profile, name, SHORT_WEEKS, rules);
	}
}

static void expect_figures(const Profile *profile)
{
	bool row_at_start = text_list_has(profile->in_a_row_after, "installation");
	bool row = profile->in_a_row > 1 && profile->in_a_row_after[0];

	if (profile->biological_days > 0)
		expect_rules(
			profile, "days", (int)profile->biological_days / 7 + 3, "biological biological-gap");
	if (profile->after_installation)
		expect_rules(profile, "after_installation", SHORT_WEEKS,
			row_at_start ? "biological-gap biological-row" : "biological-gap");
	if (row)
		expect_rules(profile, "in_a_row", SHORT_WEEKS, "biological-row");
	if (profile->penetration_test)
		expect_rules(profile, "penetration_test", SHORT_WEEKS, "cycle-penetration");
	if (profile->leak_test_days > 0)
		expect_rules(profile, "leak_test_days", SHORT_WEEKS, "cycle-leak leak");
	if (profile->n_certificates > 0)
		expect_rules(
			profile, "certificates", SHORT_WEEKS, "operator-certificate session-certificate");
	if (profile->client.n_questions > 0)
		expect_rules(profile, "questions", SHORT_WEEKS, "session-questions");
	if (profile->client.registration)
		expect_rules(profile, "registration", SHORT_WEEKS, "session-registration");
	if (profile->reports)
		expect_rules(profile, "report_to", SHORT_WEEKS, "incident-report");
}

/** What a profile does not ask for is not missed: half of the keys would be open in any of them. */
static void test_nothing_is_asked(void **state)
{
	static const Profile none = { .name = "none", .report_from = "severe" };
	static const char *const keys[] = { "mechanical", "initials", "certificate", "pigment", "consent",
		"disposal", "in_a_row", "leak_test_days", "registration", "questions", "report_to" };

	for (size_t i = 0; i < ELEMENTS(keys); i++)
		expect_rules(&none, keys[i], SHORT_WEEKS, "");
}

static void test_a_year(void **state)
{
	expect_rules(*state, "", YEAR_WEEKS, "");
}

static void test_each_key(void **state)
{
	expect_proofs(*state);
	expect_figures(*state);
}

static int load_named(const char *file, Profile *ret)
{
	char name[PROFILE_NAME_MAX];
	Error error = { 0 };
	int r;

	snprintf(name, sizeof name, "%.*s", (int)strcspn(file, "."), file);
	r = profile_load(SHIPPED, name, ret, &error);
	if (r < 0)
		fprintf(stderr, "%s\n", error.text);
	return r;
}

int main(void)
{
	enum { PROFILES_MAX = 32 };
	static Profile profiles[PROFILES_MAX];
	static char names[2 * PROFILES_MAX][PROFILE_NAME_MAX + 24];
	struct CMUnitTest tests[2 * PROFILES_MAX + 1];
	DIR *shipped = opendir(SHIPPED);
	size_t n = 0;

	if (!shipped)
		return 1;
	for (const struct dirent *entry = readdir(shipped); entry && n < PROFILES_MAX;
		entry = readdir(shipped)) {
		if (!strstr(entry->d_name, ".conf"))
			continue;
		if (load_named(entry->d_name, &profiles[n]) < 0)
			return 1;
		snprintf(names[2 * n], sizeof names[0], "a year under %s", profiles[n].name);
		snprintf(names[2 * n + 1], sizeof names[0], "each key of %s", profiles[n].name);
		tests[2 * n] = (struct CMUnitTest){ names[2 * n], test_a_year, NULL, NULL, &profiles[n] };
		tests[2 * n + 1] =
			(struct CMUnitTest){ names[2 * n + 1], test_each_key, NULL, NULL, &profiles[n] };
		n++;
	}
	closedir(shipped);
	tests[2 * n] = (struct CMUnitTest)cmocka_unit_test(test_nothing_is_asked);
	/* thousands of records, each on the disk before the next: on none, where there is such a folder */
	if (chdir("/dev/shm") < 0)
		fputs("the ledgers are made on the disk, which takes longer\n", stderr);
	return n > 0 ? _cmocka_run_group_tests("years", tests, 2 * n + 1, NULL, NULL) : 1;
}
