/* SPDX-License-Identifier: Apache-2.0 */

/** What a verification found bars the station until an administrator lifts it, on record. */

#include "ledger-fixture.h"

#include "ledger/copy.h"
#include "util/file.h"
#include "util/pin.h"

static void enrol(Ledger *ledger, const char *badge, const char *role, const char *pin)
{
	char hash[PIN_HASH_MAX];
	json_auto_t *body = json_pack("{s:s, s:[s]}", "badge", badge, "roles", role), *personal = NULL;
	LedgerRecord record = { .kind = "operator.enrolled", .actor = badge, .body = body };
	LedgerAnswer answer = { .error = 1 };

	assert_int_equal(pin_hash(pin, hash), 0);
	personal = json_pack("{s:s, s:s}", "name", "Ada", "pin", hash);
	record.personal = personal;
	assert_int_equal(ledger_append(ledger, &record, keep_answer, &answer), 0);
	serve(ledger);
	assert_int_equal(answer.error, 0);
}

static void find(const Fixture *fixture, const char *text)
{
	assert_int_equal(file_write_beside(fixture->path, DAMAGED_SUFFIX, text, strlen(text)), 0);
}

static bool is_beside(const Fixture *fixture, const char *suffix)
{
	char name[128];

	snprintf(name, sizeof name, "%s%s", fixture->path, suffix);
	return access(name, F_OK) == 0;
}

static int setup_found(void **state)
{
	int r = setup_signed(state, 100);
	Fixture *fixture = *state;

	if (r < 0)
		return r;
	enrol(fixture->ledger, "b1", "administrator", "1234");
	enrol(fixture->ledger, "b2", "technician", "5678");
	fixture->ledger = ledger_free(fixture->ledger);
	find(fixture, "the table lot is not what the records give\n");
	return 0;
}

static int teardown_found(void **state)
{
	static const char *const suffixes[] = { DAMAGED_SUFFIX, CLEARED_SUFFIX };
	Fixture *fixture = *state;
	char name[128];

	for (size_t i = 0; i < ELEMENTS(suffixes); i++) {
		snprintf(name, sizeof name, "%s%s", fixture->path, suffixes[i]);
		(void)unlink(name);
	}
	return teardown(state);
}

static void test_an_administrator_lifts_it(void **state)
{
	Fixture *fixture = *state;
	json_auto_t *rows = NULL;
	Error error;
	const json_t *body;

	assert_int_equal(open_fixture(fixture), -EUCLEAN);
	assert_non_null(strstr(fixture->error.text, "the table lot"));
	assert_non_null(strstr(fixture->error.text, "stipplectl ledger clear-damage"));
	assert_int_equal(ledger_clear_damage(fixture->path, "b1", "9999", 3, &error), -EPERM);
	assert_int_equal(ledger_clear_damage(fixture->path, "b2", "5678", 3, &error), -EPERM);
	assert_int_equal(ledger_clear_damage(fixture->path, "nobody", "1234", 3, &error), -EPERM);
	assert_int_equal(open_fixture(fixture), -EUCLEAN);
	if (ledger_clear_damage(fixture->path, "b1", "1234", 3, &error) < 0)
		fail_msg("%s", error.text);
	if (open_fixture(fixture) < 0)
		fail_msg("%s", fixture->error.text);
	serve(fixture->ledger);
	rows = look_up(fixture->ledger, "records", json_pack("{s:s}", "kind", "ledger.cleared"));
	assert_int_equal(json_array_size(rows), 1);
	assert_string_equal(json_string_value(json_object_get(json_array_get(rows, 0), "actor")), "b1");
	body = json_object_get(json_array_get(rows, 0), "body");
	assert_string_equal(json_string_value(json_object_get(body, "finding")),
		"the table lot is not what the records give");
	assert_false(is_beside(fixture, DAMAGED_SUFFIX));
	assert_false(is_beside(fixture, CLEARED_SUFFIX));
	assert_int_equal(ledger_clear_damage(fixture->path, "b1", "1234", 3, &error), -ENOENT);
}

/** Word of one finding does not lift another that came since. */
static void test_what_is_found_later_is_not_lifted(void **state)
{
	Fixture *fixture = *state;
	Error error;

	assert_int_equal(ledger_clear_damage(fixture->path, "b1", "1234", 3, &error), 0);
	find(fixture, "record 2 does not match its hash\n");
	assert_int_equal(open_fixture(fixture), -EUCLEAN);
	assert_non_null(strstr(fixture->error.text, "record 2 does not match"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_an_administrator_lifts_it, setup_found, teardown_found),
		cmocka_unit_test_setup_teardown(
			test_what_is_found_later_is_not_lifted, setup_found, teardown_found),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
