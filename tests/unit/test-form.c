/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What people enter into the record: each form fits the ledger's kind, texts become values, and what the
 * station or the profile says cannot be entered.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "decide/form.h"
#include "decide/interlocks.h"

static void test_places_round_trip(void **state)
{
	for (FormPlace place = 0; place < FORM_PLACE_MAX; place++)
		assert_int_equal(form_place_from_string(form_place_to_string(place)), place);
	assert_null(form_place_to_string(FORM_PLACE_MAX));
	assert_int_equal(form_place_from_string("nowhere"), FORM_PLACE_INVALID);
	for (FieldType type = 0; type < FIELD_MAX; type++)
		assert_int_equal(field_type_from_string(field_type_to_string(type)), type);
}

static void test_table(void **state)
{
	assert_true(record_forms_n > 0);
	for (size_t i = 0; i < record_forms_n; i++) {
		const RecordField *field = record_fields(record_forms[i].kind);
		bool takes_signature = false;

		if (!field)
			fail_msg("the ledger knows no kind %s", record_forms[i].kind);
		for (; field->name; field++)
			takes_signature = takes_signature || strcmp(field->name, "signed") == 0;
		if (takes_signature != (record_forms[i].signs != NULL))
			fail_msg("%s and its field signed do not agree", record_forms[i].kind);
		assert_ptr_equal(form_find(record_forms[i].place, record_forms[i].kind), &record_forms[i]);
		assert_non_null(record_forms[i].roles);
	}
	assert_null(form_find(FORM_STATION, "strokes"));
}

static void read_ok(const char *kind, const char *fields, const char *expected)
{
	const Form form = { .kind = kind };
	json_auto_t *entered = json_loads(fields, 0, NULL), *body = NULL, *personal = NULL;
	json_auto_t *wanted = json_loads(expected, 0, NULL);
	Error error = { 0 };

	if (form_read(&form, entered, &body, &personal, &error) < 0)
		fail_msg("%s", error.text);
	assert_true(json_equal(body, wanted));
	assert_null(personal);
}

static void test_text_stands_for_values(void **state)
{
	read_ok("zone.statistics", "{\"dots\": \"12\"}", "{\"dots\": 12}");
	read_ok("needle.reseated", "{\"away_s\": \"1.5\"}", "{\"away_s\": 1.5}");
	read_ok("operator.enrolled", "{\"roles\": \"a, b\"}", "{\"roles\": [\"a\", \"b\"]}");
	read_ok("session.consent", "{\"given\": \"yes\"}", "{\"given\": true}");
	read_ok("session.consent", "{\"given\": \"no\"}", "{\"given\": false}");
	read_ok("cycle.recorded", "{\"started\": \"2026-03-02T10:00:00+01:00\"}",
		"{\"started\": \"2026-03-02T09:00:00Z\"}");
	read_ok("cycle.recorded", "{\"started\": \"2026-03-02T10:00:00.5Z\"}",
		"{\"started\": \"2026-03-02T10:00:00Z\"}");
	read_ok("cycle.recorded", "{\"started\": \"2026-03-02\"}", "{\"started\": \"2026-03-02\"}");
	read_ok("cycle.recorded", "{\"started\": \"2026-02-30T10:00:00Z\"}",
		"{\"started\": \"2026-02-30T10:00:00Z\"}");
	/* what does not fit stays as it is, and the kind's own check names it */
	read_ok("session.consent", "{\"given\": \"perhaps\"}", "{\"given\": \"perhaps\"}");
	read_ok("zone.statistics", "{\"dots\": \"12x\"}", "{\"dots\": \"12x\"}");
	read_ok("needle.reseated", "{\"away_s\": \"nan\"}", "{\"away_s\": \"nan\"}");
	read_ok("needle.reseated", "{\"away_s\": \"0x86\"}", "{\"away_s\": \"0x86\"}");
	read_ok("needle.reseated", "{\"away_s\": \" 5\"}", "{\"away_s\": \" 5\"}");
	read_ok("needle.reseated", "{\"away_s\": \"5.\"}", "{\"away_s\": \"5.\"}");
	read_ok("needle.reseated", "{\"away_s\": \"1e3\"}", "{\"away_s\": \"1e3\"}");
	read_ok("needle.reseated", "{\"away_s\": \"inf\"}", "{\"away_s\": \"inf\"}");
}

static void test_personal_fields_stay_apart(void **state)
{
	const Form form = { .kind = "operator.signed-in", .personal = "name phone" };
	json_auto_t *entered = json_loads("{\"badge\": \"b1\", \"phone\": \"555\"}", 0, NULL);
	json_auto_t *body = NULL, *personal = NULL;
	Error error = { 0 };

	assert_int_equal(form_read(&form, entered, &body, &personal, &error), 0);
	assert_null(json_object_get(body, "phone"));
	assert_string_equal(json_string_value(json_object_get(personal, "phone")), "555");
}

static void test_what_the_profile_says_cannot_be_entered(void **state)
{
	static const char *const fields[] = { "profile", "proofs", "sterile_days", "due" };
	const Form *form = form_find(FORM_INVENTORY, "cycle.released");
	json_t *body = NULL, *personal = NULL;
	Error error = { 0 };

	for (size_t i = 0; i < ELEMENTS(fields); i++) {
		json_auto_t *entered = json_pack("{s:s}", fields[i], "x");
		const RecordField *field = record_field_find(form->kind, fields[i]);

		assert_false(field && form_takes(form, field));
		assert_int_equal(form_read(form, entered, &body, &personal, &error), -EINVAL);
		assert_non_null(strstr(error.text, fields[i]));
	}
	assert_int_equal(record_field_find("indicator.tested", "reprocess")->origin, FROM_PROFILE);
	assert_int_equal(record_field_find("indicator.tested", "biological_days")->origin, FROM_PROFILE);
	assert_int_equal(record_field_find("cycle.released", "contents")->origin, FROM_PERSON);
}

static void test_what_the_station_fills_in_is_refused(void **state)
{
	const Form form = { .kind = "fault.latched", .session = FORM_SESSION_IF_OPEN };
	json_auto_t *entered = json_loads("{\"cause\": \"x\", \"session\": 3}", 0, NULL);
	json_t *body = NULL, *personal = NULL;
	Error error = { 0 };

	assert_int_equal(form_read(&form, entered, &body, &personal, &error), -EINVAL);
	assert_non_null(strstr(error.text, "session"));
	assert_null(body);
}

/** The ledger's choices and the core's table of interlocks say the same. */
static void test_overrides_name_what_can_be_set_aside(void **state)
{
	const RecordField *field = record_fields("interlock.overridden");

	while (strcmp(field->name, "interlock") != 0)
		field++;
	for (int i = 0; i < INTERLOCK_MAX; i++)
		assert_int_equal(text_list_has(field->choices, interlock_to_string((Interlock)i)),
			interlock_is_overridable((Interlock)i));
}

/** Whoever enters a figure can mistype it; only a number that names something has no range. */
static void test_figures_have_ranges(void **state)
{
	static const char names[] = "session cycle test corrects record incident";
	for (size_t i = 0; i < record_forms_n; i++)
		for (const RecordField *field = record_fields(record_forms[i].kind); field->name; field++) {
			if ((field->type != FIELD_COUNT && field->type != FIELD_NUMBER) ||
				!form_takes(&record_forms[i], field) || text_list_has(names, field->name))
				continue;
			if (!field->unit || field->min >= field->max)
				fail_msg("%s of %s has no range", field->name, record_forms[i].kind);
		}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_places_round_trip),
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_text_stands_for_values),
		cmocka_unit_test(test_personal_fields_stay_apart),
		cmocka_unit_test(test_what_the_profile_says_cannot_be_entered),
		cmocka_unit_test(test_what_the_station_fills_in_is_refused),
		cmocka_unit_test(test_overrides_name_what_can_be_set_aside),
		cmocka_unit_test(test_figures_have_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
