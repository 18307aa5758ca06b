/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The generated tables of kinds, and what is checked of a new record and of an old one. The ledger's own
 * tests hold single kinds to what they promise.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "ledger/accept.h"
#include "ledger/sql.h"
#include "record/record.h"

static void test_every_kind_is_found(void **state)
{
	(void)state;
	assert_true(record_kinds_n > 60);
	for (size_t i = 0; i < record_kinds_n; i++) {
		assert_ptr_equal(record_kind_find(record_kinds[i].name), &record_kinds[i]);
		assert_ptr_equal(record_fields(record_kinds[i].name), record_kinds[i].fields);
		assert_true(i == 0 || strcmp(record_kinds[i - 1].name, record_kinds[i].name) < 0);
	}
	assert_null(record_kind_find("needle"));
	assert_null(record_fields("no.such"));
	assert_null(record_field_find("no.such", "lot"));
	assert_null(record_field_find("lot.status", "no_such"));
	assert_string_equal(
		record_field_find("lot.status", "status")->choices, "quarantined recalled released");
}

/** Whoever misspells a kind would have a record that changes nothing. */
static void test_every_projection_is_of_a_kind(void **state)
{
	size_t n = 0;

	(void)state;
	for (const Projecting *projecting = sql_projecting; projecting->kind; projecting++) {
		if (!record_kind_find(projecting->kind))
			fail_msg("there is no kind %s", projecting->kind);
		assert_ptr_equal(projection_find(record_kind_find(projecting->kind))->statements,
			projecting->statements);
		assert_non_null(projecting->statements[0]);
		n++;
	}
	assert_true(n > 40);
	for (const Acceptance *const *area = acceptances; *area; area++)
		for (const Acceptance *rule = *area; rule->kind; rule++) {
			if (!record_kind_find(rule->kind))
				fail_msg("there is no kind %s", rule->kind);
			assert_true(rule->accept || rule->exists);
			assert_ptr_equal(projection_find(record_kind_find(rule->kind))->accept, rule->accept);
		}
	assert_null(projection_find(record_kind_find("session.consent")));
}

static const RecordField fields[] = {
	{ .name = "name", .type = FIELD_TEXT, .text = TEXT_IDENTIFIER },
	{ .name = "why", .type = FIELD_TEXT, .words = WORDS_BESIDE },
	{ .name = "depth", .type = FIELD_NUMBER, .optional = true, .min = 1, .max = 2, .unit = "mm" },
	{ .name = "colour", .type = FIELD_TEXT, .optional = true, .retired = "1.2.0" },
	{ NULL },
};

static void check(const RecordKind *kind, const char *text, const char *of_new, const char *of_old)
{
	json_auto_t *body = json_loads(text, 0, NULL);
	Error error = { 0 };

	assert_int_equal(record_new_check(kind, body, &error), of_new ? -EINVAL : 0);
	if (of_new && !strstr(error.text, of_new))
		fail_msg("%s", error.text);
	error = (Error){ 0 };
	assert_int_equal(record_kind_check(kind, body, &error), of_old ? -EINVAL : 0);
	if (of_old && !strstr(error.text, of_old))
		fail_msg("%s", error.text);
}

static void test_what_is_new_is_checked_further(void **state)
{
	const RecordKind kind = { .name = "a.kind", .fields = fields };

	(void)state;
	check(&kind, "{\"name\": \"n\", \"why\": \"w\", \"other\": [1]}", NULL, NULL);
	check(&kind, "{\"why\": \"w\"}", "needs the field name: a text", "needs the field name: a text");
	check(&kind, "{\"name\": 1, \"why\": \"w\"}", "the field name", "the field name");
	check(&kind, "{\"name\": \"n\"}", "needs the field why", NULL);
	check(&kind, "{\"name\": \"n n\", \"why\": \"w\"}", "and no sentence", NULL);
	check(&kind, "{\"name\": \"n\", \"why\": \"w\", \"depth\": 3}", "1 to 2 mm, not 3", NULL);
	check(&kind, "[]", "must be an object", "must be an object");
}

static void test_what_is_retired_stays_readable(void **state)
{
	const RecordKind kind = { .name = "a.kind", .fields = fields };
	const RecordKind gone = { .name = "a.kind", .fields = fields, .retired = "2.0.0" };

	(void)state;
	check(&kind, "{\"name\": \"n\", \"why\": \"w\", \"colour\": \"c\"}",
		"has the field colour any more, from version 1.2.0 on", NULL);
	check(&gone, "{\"name\": \"n\", \"why\": \"w\"}", "no record of kind a.kind is made any more", NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_kind_is_found),
		cmocka_unit_test(test_every_projection_is_of_a_kind),
		cmocka_unit_test(test_what_is_new_is_checked_further),
		cmocka_unit_test(test_what_is_retired_stays_readable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
