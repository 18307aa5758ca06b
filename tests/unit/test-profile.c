/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Compliance profiles: the shipped ones load, nothing may be missing from one, and a bad value is refused
 * with a reason.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "config/profile-file.h"
#include "ledger/ledger.h"
#include "util/file.h"

#define SHIPPED STIPPLE_SOURCE_FOLDER "/configs/profiles"

static char folder[] = "stipple-profile-XXXXXX";

/* one entry a line: what each test leaves out or changes */
static const char *const entries[][3] = {
	{ "profile", "title", "T" },
	{ "biological", "days", "30" },
	{ "biological", "cycles", "0" },
	{ "biological", "remind_days", "5" },
	{ "biological", "after_installation", "yes" },
	{ "biological", "after_repair", "no" },
	{ "biological", "in_a_row", "3" },
	{ "biological", "in_a_row_after", "installation, power-cut" },
	{ "biological", "unused_days", "14" },
	{ "biological", "reprocess", "yes" },
	{ "cycle", "sterile_days", "180" },
	{ "cycle", "penetration_test", "yes" },
	{ "cycle", "leak_test_days", "7" },
	{ "operator", "certificates", "bloodborne pathogens, first aid" },
	{ "anaesthetic", "lidocaine_free_percent", "4" },
	{ "client", "registration", "yes" },
	{ "client", "name", "yes" },
	{ "client", "contact", "no" },
	{ "client", "birth_date", "no" },
	{ "client", "identity", "yes" },
	{ "client", "minimum_age", "18" },
	{ "client", "minor", "notarised from 16" },
	{ "client", "questions", "pregnancy, latex-allergy" },
	{ "proofs", "mechanical", "yes" },
	{ "proofs", "pressure", "no" },
	{ "proofs", "integrator", "yes" },
	{ "proofs", "chemical", "no" },
	{ "proofs", "contents", "no" },
	{ "proofs", "release", "no" },
	{ "proofs", "items", "no" },
	{ "proofs", "initials", "no" },
	{ "proofs", "authority", "no" },
	{ "proofs", "notified", "no" },
	{ "proofs", "certificate", "no" },
	{ "proofs", "membrane", "no" },
	{ "proofs", "pigment", "no" },
	{ "proofs", "ink_label", "no" },
	{ "proofs", "consent", "no" },
	{ "proofs", "screening", "no" },
	{ "proofs", "signature", "no" },
	{ "proofs", "client_signature", "no" },
	{ "proofs", "needles_sealed", "no" },
	{ "proofs", "care_sheet", "no" },
	{ "proofs", "copy", "no" },
	{ "proofs", "disposal", "yes" },
	{ "incident", "report_to", "The Board" },
	{ "incident", "report_within", "5 working days" },
	{ "incident", "report_of", "adverse-reaction, complication" },
	{ "incident", "report_from", "moderate" },
	{ "incident", "report_form", "client, artist" },
	{ "retention", "sterilization", "3 years" },
	{ "retention", "needles", "90 days" },
	{ "retention", "pigments", "1 year" },
	{ "retention", "sessions", "2 years" },
	{ "retention", "operators", "3 years" },
	{ "retention", "incidents", "100 years" },
};

/** All entries but the one of index `left_out`. */
static void fill(ProfileDraft *draft, size_t left_out)
{
	Error reason = { 0 };

	profile_draft_init(draft, "p");
	for (size_t i = 0; i < ELEMENTS(entries); i++)
		if (i != left_out &&
			profile_draft_set(draft, entries[i][0], entries[i][1], entries[i][2], &reason) < 0)
			fail_msg("%s: %s", entries[i][1], reason.text);
}

static void test_names_round_trip(void **state)
{
	for (int i = 0; i < PROFILE_PROOF_MAX; i++)
		assert_int_equal(profile_proof_from_string(profile_proof_to_string((ProfileProof)i)), i);
	for (int i = 0; i < PROFILE_RECORDS_MAX; i++)
		assert_int_equal(
			profile_records_from_string(profile_records_to_string((ProfileRecords)i)), i);
	assert_null(profile_proof_to_string(PROFILE_PROOF_MAX));
	assert_null(profile_records_to_string(PROFILE_RECORDS_INVALID));
	assert_int_equal(profile_proof_from_string("luck"), PROFILE_PROOF_INVALID);
	assert_int_equal(profile_records_from_string(""), PROFILE_RECORDS_INVALID);
}

static void test_every_value_finds_its_place(void **state)
{
	char proofs[PROFILE_PROOFS_MAX];
	Error reason = { 0 };
	ProfileDraft draft;
	Profile profile;

	fill(&draft, SIZE_MAX);
	assert_int_equal(profile_draft_finish(&draft, &profile, &reason), 0);
	assert_string_equal(profile.name, "p");
	assert_string_equal(profile.title, "T");
	assert_int_equal(profile.biological_days, 30);
	assert_int_equal(profile.biological_cycles, 0);
	assert_int_equal(profile.remind_days, 5);
	assert_true(profile.after_installation);
	assert_false(profile.after_repair);
	assert_int_equal(profile.in_a_row, 3);
	assert_string_equal(profile.in_a_row_after, "installation power-cut");
	assert_int_equal(profile.unused_days, 14);
	assert_true(profile.reprocess);
	assert_int_equal(profile.sterile_days, 180);
	assert_int_equal(profile.n_certificates, 2);
	assert_string_equal(profile.certificates[1], "first aid");
	assert_true(profile.client.registration && profile.client.name && profile.client.identity);
	assert_false(profile.client.contact || profile.client.birth_date);
	assert_int_equal(profile.client.minimum_age, 18);
	assert_int_equal(profile.client.minor_from, 16);
	assert_int_equal(profile.client.n_questions, 2);
	assert_string_equal(profile.client.questions[1], "latex-allergy");
	profile_proofs(&profile, proofs, sizeof proofs);
	assert_string_equal(proofs, "mechanical integrator disposal");
	assert_true(profile.reports);
	assert_string_equal(profile.report_to, "The Board");
	assert_int_equal(profile.report_days, 5);
	assert_int_equal(profile.report_hours, 0);
	assert_string_equal(profile.report_of, "adverse-reaction complication");
	assert_string_equal(profile.report_from, "moderate");
	assert_string_equal(profile.report_form, "client artist");
	assert_int_equal(profile.keep_days[PROFILE_STERILIZATION], 1098);
	assert_int_equal(profile.keep_days[PROFILE_NEEDLES], 90);
	assert_int_equal(profile.keep_days[PROFILE_PIGMENTS], 366);
	assert_int_equal(profile.keep_days[PROFILE_INCIDENTS], 36600);
}

static void test_nothing_may_be_missing(void **state)
{
	for (size_t i = 0; i < ELEMENTS(entries); i++) {
		Error reason = { 0 };
		Profile profile = { .name = "untouched" };
		ProfileDraft draft;

		fill(&draft, i);
		assert_int_equal(profile_draft_finish(&draft, &profile, &reason), -EINVAL);
		assert_non_null(strstr(reason.text, entries[i][1]));
		assert_string_equal(profile.name, "untouched");
	}
}

static void test_bad_values_are_refused(void **state)
{
	static const struct {
		const char *section, *key, *value, *words;
	} bad[] = {
		{ "profile", "title", "", "title" },
		{ "profile", "name", "x", "unknown key" },
		{ "colour", "red", "x", "unknown section" },
		{ "biological", "days", "367", "0 to 366" },
		{ "biological", "days", "-1", "0 to 366" },
		{ "biological", "days", "", "0 to 366" },
		{ "biological", "days", "30 days", "0 to 366" },
		{ "biological", "reprocess", "maybe", "yes nor no" },
		{ "biological", "in_a_row", "0", "1 to 9" },
		{ "biological", "in_a_row_after", "", "none" },
		{ "biological", "in_a_row_after", "installation, flood", "power-cut" },
		{ "biological", "in_a_row_after", "repair, repair", "other words" },
		{ "biological", "unused_days", "367", "0 to 366" },
		{ "cycle", "sterile_days", "0", "1 to 3660" },
		{ "operator", "certificates", "", "none" },
		{ "operator", "certificates", "a,b,c,d,e,f,g,h,i", "more than 8" },
		{ "operator", "certificates",
			"a certificate with a name that is far longer than any institute would ever print on paper",
			"1 to 63 bytes" },
		{ "incident", "report_to", "", "or none" },
		{ "incident", "report_within", "5 days", "working days" },
		{ "incident", "report_within", "0 hours", "24 hours" },
		{ "incident", "report_within", "1001 working days", "up to 1000" },
		{ "incident", "report_of", "death", "adverse-reaction" },
		{ "incident", "report_from", "slight", "minor moderate severe" },
		{ "incident", "report_form", "client, hat", "practitioner" },
		{ "client", "questions", "", "none" },
		{ "client", "questions", "pregnancy, shoe-size",
			"\"shoe-size\" is no question that has words" },
		{ "client", "questions", "pregnancy, diabetes, pregnancy", "\"pregnancy\" is there twice" },
		{ "retention", "needles", "0 days", "term" },
		{ "retention", "needles", "3", "term" },
		{ "retention", "needles", "years", "term" },
		{ "retention", "needles", "-3 years", "term" },
		{ "retention", "needles", "101 years", "term" },
		{ "retention", "needles", "99999999999999999999 years", "term" },
	};

	for (size_t i = 0; i < ELEMENTS(bad); i++) {
		Error reason = { 0 };
		ProfileDraft draft, before;

		fill(&draft, SIZE_MAX);
		before = draft;
		if (profile_draft_set(&draft, bad[i].section, bad[i].key, bad[i].value, &reason) != -EINVAL ||
			!strstr(reason.text, bad[i].words))
			fail_msg("[%s] %s = %s: \"%s\"", bad[i].section, bad[i].key, bad[i].value,
				reason.text);
		assert_memory_equal(&draft, &before, sizeof draft);
	}
}

static void test_shipped_profiles(void **state)
{
	static const struct {
		const char *name;
		uint32_t days, sterile_days, keep_years;
		bool pressure, membrane, notified;
	} shipped[] = {
		{ "us-ca", 30, 180, 3, .pressure = true, .notified = true },
		{ "us-fl", 30, 180, 3 },
		{ "us-il", 30, 180, 3 },
		{ "us-neha", 30, 180, 3 },
		{ "us-nv", 30, 180, 3 },
		{ "us-ny", 30, 180, 7 },
		{ "us-tn", 30, 365, 3, .pressure = true },
		{ "us-tx", 30, 180, 3 },
		{ "ca-on", 14, 180, 3, .pressure = true, .membrane = true, .notified = true },
		{ "de", 180, 60, 5, .pressure = true },
		{ "en-17169", 180, 60, 5, .pressure = true },
		{ "fr", 180, 60, 5, .pressure = true },
		{ "uk", 0, 180, 3, .pressure = true },
	};
	Error error = { 0 };

	for (size_t i = 0; i < ELEMENTS(shipped); i++) {
		bool tested = shipped[i].days > 0;
		Profile profile;

		if (profile_load(SHIPPED, shipped[i].name, &profile, &error) < 0)
			fail_msg("%s", error.text);
		assert_string_equal(profile.name, shipped[i].name);
		assert_int_equal(profile.biological_days, shipped[i].days);
		assert_int_equal(profile.sterile_days, shipped[i].sterile_days);
		assert_int_equal(
			profile.keep_days[PROFILE_STERILIZATION], shipped[i].keep_years * PROFILE_YEAR_DAYS);
		assert_int_equal(profile.proofs[PROFILE_PRESSURE], shipped[i].pressure);
		assert_int_equal(profile.proofs[PROFILE_MEMBRANE], shipped[i].membrane);
		assert_int_equal(profile.proofs[PROFILE_NOTIFIED], shipped[i].notified);
		assert_int_equal(profile.after_installation && profile.after_repair, tested);
		assert_true(profile.reprocess);
		assert_true(profile.proofs[PROFILE_CERTIFICATE] && profile.proofs[PROFILE_MECHANICAL]);
		assert_true(profile.remind_days < profile.biological_days || !tested);
	}
}

static void test_terms_of_reports(void **state)
{
	static const struct {
		const char *name, *of, *from;
		bool reports;
		uint32_t days, hours;
		size_t fields; /* blanks in the list of fields, and one */
	} shipped[] = {
		{ "us-tx", "adverse-reaction complication", "minor", true, 5, 0, 8 },
		{ "us-il", "adverse-reaction complication", "moderate", true, 0, 24, 8 },
		{ "us-ca", "adverse-reaction complication", "severe", true, 15, 0, 8 },
		{ "fr", "adverse-reaction complication", "severe", true, 0, 0, 8 },
		{ "uk", "", "severe", false, 0, 0, 10 },
	};
	Error error = { 0 };

	for (size_t i = 0; i < ELEMENTS(shipped); i++) {
		size_t fields = 1;
		Profile profile;

		if (profile_load(SHIPPED, shipped[i].name, &profile, &error) < 0)
			fail_msg("%s", error.text);
		for (const char *c = profile.report_form; *c; c++)
			fields += *c == ' ';
		assert_int_equal(profile.reports, shipped[i].reports);
		assert_int_equal(profile.report_days, shipped[i].days);
		assert_int_equal(profile.report_hours, shipped[i].hours);
		assert_string_equal(profile.report_of, shipped[i].of);
		assert_string_equal(profile.report_from, shipped[i].from);
		assert_int_equal(fields, shipped[i].fields);
		assert_int_equal(profile.report_to[0] != '\0', shipped[i].reports);
	}
}

/** Every file of the folder is in the list above: none is shipped that nobody looked at. */
static void test_every_file_loads(void **state)
{
	DIR *shipped = opendir(SHIPPED);
	size_t n = 0;

	assert_non_null(shipped);
	for (const struct dirent *entry = readdir(shipped); entry; entry = readdir(shipped)) {
		size_t length = strcspn(entry->d_name, ".");
		char name[PROFILE_NAME_MAX];
		Error error = { 0 };
		Profile profile;

		if (strcmp(entry->d_name + length, ".conf") != 0)
			continue;
		snprintf(name, sizeof name, "%.*s", (int)length, entry->d_name);
		if (profile_load(SHIPPED, name, &profile, &error) < 0)
			fail_msg("%s", error.text);
		n++;
	}
	closedir(shipped);
	assert_int_equal(n, 13);
}

static void test_a_file_is_refused_with_its_line(void **state)
{
	static const char text[] = "[profile]\ntitle = T\n[biological]\ndays = 400\n";
	Error error = { 0 };
	Profile profile;

	assert_int_equal(file_write_atomic(folder, "p.conf", text, strlen(text)), 0);
	assert_int_equal(profile_load(folder, "p", &profile, &error), -EINVAL);
	assert_non_null(strstr(error.text, "p.conf:4: days"));
	assert_int_equal(file_write_atomic(folder, "p.conf", text, 20), 0);
	assert_int_equal(profile_load(folder, "p", &profile, &error), -EINVAL);
	assert_non_null(strstr(error.text, "[biological] days is missing"));
	assert_int_equal(profile_load(folder, "q", &profile, &error), -ENOENT);
	assert_int_equal(profile_load(folder, "../p", &profile, &error), -EINVAL);
}

static void test_arguments_of_queries(void **state)
{
	json_auto_t *arguments = NULL;
	Error reason = { 0 };
	const char *name;
	ProfileDraft draft;
	Profile profile;
	json_t *value;

	fill(&draft, SIZE_MAX);
	assert_int_equal(profile_draft_finish(&draft, &profile, &reason), 0);
	arguments = profile_arguments(&profile);
	assert_non_null(arguments);
	json_object_foreach (arguments, name, value)
		assert_true(ledger_query_takes("check", name) || ledger_query_takes("retention", name));
	assert_true(ledger_query_takes("check", "today"));
	assert_false(ledger_query_takes("check", "tomorrow"));
	assert_false(ledger_query_takes("no-such-query", "today"));
	assert_string_equal(json_string_value(json_object_get(arguments, "certificates")),
		"[\"bloodborne pathogens\",\"first aid\"]");
}

static int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	char path[64];

	snprintf(path, sizeof path, "%s/p.conf", folder);
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_round_trip),
		cmocka_unit_test(test_every_value_finds_its_place),
		cmocka_unit_test(test_nothing_may_be_missing),
		cmocka_unit_test(test_bad_values_are_refused),
		cmocka_unit_test(test_shipped_profiles),
		cmocka_unit_test(test_terms_of_reports),
		cmocka_unit_test(test_every_file_loads),
		cmocka_unit_test(test_a_file_is_refused_with_its_line),
		cmocka_unit_test(test_arguments_of_queries),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
