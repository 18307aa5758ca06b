/* SPDX-License-Identifier: Apache-2.0 */

/** What is asked of a pigment before it is loaded: its label, and the days after it was opened. */

#include "sterilization-fixture.h"

#define LABEL                                                                                              \
	"\"lot\":\"PG7\",\"mixture\":true,\"batch\":true,\"ingredients\":true,\"ph_regulator\":\"named\"," \
	"\"nickel\":\"warned\",\"chromium\":\"not-contained\",\"local\":true"

static void receive(Ledger *ledger, const char *lot)
{
	LedgerAnswer answer = append(ledger, "pigment.received",
		json_pack("{s:s, s:s, s:s, s:s, s:i, s:[s, s]}", "brand", "B", "colour", "black", "lot", lot,
			"expiry", "2027-01-31", "quantity", 2, "ingredients", "CI 77266", "aqua"));

	assert_int_equal(answer.error, 0);
}

static LedgerAnswer load(Ledger *ledger, const char *brand, const char *lot, const char *extra)
{
	return append(ledger, "pigment.loaded",
		with(json_pack("{s:i, s:s, s:s, s:s, s:s}", "session", 1, "brand", brand, "colour", "black",
			     "lot", lot, "expiry", "2027-01-31"),
			extra));
}

static void expect_lot(Ledger *ledger, const char *column, const char *expected)
{
	json_auto_t *rows = look_up(ledger, "pigment-lots", json_pack("{s:s}", "lot", "PG7"));
	const char *value = json_string_value(json_object_get(json_array_get(rows, 0), column));

	assert_int_equal(json_array_size(rows), 1);
	assert_string_equal(value ? value : "none", expected);
}

static void test_a_label_is_judged_by_what_it_has(void **state)
{
	static const char *const lacking[] = { "{\"mixture\":false}", "{\"batch\":false}",
		"{\"ingredients\":false}", "{\"local\":false}", "{\"ph_regulator\":\"missing\"}",
		"{\"nickel\":\"missing\"}", "{\"chromium\":\"missing\"}" };
	Ledger *ledger = ((Fixture *)*state)->ledger;

	refuse(enter(ledger, "pigment.labelled", "{" LABEL "}"), -ENOENT, "PG7 is not on record");
	receive(ledger, "PG7");
	begin(ledger, 1, "P-1");
	expect_lot(ledger, "label", "none");
	refuse(load(ledger, "B", "PG7", "{\"label\":true}"), -EINVAL,
		"was not checked, which the profile asks for");
	assert_int_equal(load(ledger, "B", "PG7", "{}").error, 0); /* under rules that do not ask */
	for (size_t i = 0; i < ELEMENTS(lacking); i++) {
		assert_int_equal(append(ledger, "pigment.labelled",
					 with(with(json_object(), "{" LABEL "}"), lacking[i]))
					 .error,
			0);
		expect_lot(ledger, "label", "fail");
		refuse(load(ledger, "B", "PG7", "{\"label\":true}"), -EINVAL, "lacks what REACH asks for");
	}
	(void)enter_ok(ledger, "pigment.labelled", "{" LABEL "}");
	expect_lot(ledger, "label", "pass");
	assert_int_equal(load(ledger, "B", "PG7", "{\"label\":true}").error, 0);
	refuse(load(ledger, "B", "unknown", "{\"label\":true}"), -EINVAL, "was not checked");
	assert_int_equal(count(ledger, "check",
				 json_pack("{s:s, s:s}", "rule", "pigment-label", "proofs", "ink_label")),
		0);
	receive(ledger, "PG8");
	assert_int_equal(count(ledger, "check",
				 json_pack("{s:s, s:s}", "rule", "pigment-label", "proofs", "ink_label")),
		1);
}

/** The fixture's clock stands at 2026-03-02. */
static void test_an_opened_bottle_lasts_some_days(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	receive(ledger, "PG7");
	begin(ledger, 1, "P-1");
	refuse(enter(ledger, "pigment.opened", "{\"lot\":\"PG7\",\"opened\":\"2026-03-03\",\"days\":90}"),
		-EINVAL, "lies in the future");
	refuse(enter(ledger, "pigment.opened", "{\"lot\":\"PG7\",\"opened\":\"2026-03-01\",\"days\":1831}"),
		-EINVAL, "days");
	(void)enter_ok(ledger, "pigment.opened", "{\"lot\":\"PG7\",\"opened\":\"2026-02-01\",\"days\":29}");
	expect_lot(ledger, "use_by", "2026-03-02");
	assert_int_equal(load(ledger, "B", "PG7", "{}").error, 0); /* on its last day */
	(void)enter_ok(ledger, "pigment.opened", "{\"lot\":\"PG7\",\"opened\":\"2026-02-02\",\"days\":27}");
	refuse(load(ledger, "B", "PG7", "{}"), -ESTALE,
		"opened on 2026-02-02 and may be used until 2026-03-01: open another one");
	assert_int_equal(count(ledger, "check", json_pack("{s:s}", "rule", "pigment-opened")), 1);
	(void)enter_ok(ledger, "pigment.opened", "{\"lot\":\"PG7\",\"opened\":\"2026-03-02\",\"days\":90}");
	assert_int_equal(load(ledger, "B", "PG7", "{}").error, 0);
}

static void test_a_blend_is_as_good_as_its_parts(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	receive(ledger, "PG7");
	receive(ledger, "PG8");
	begin(ledger, 1, "P-1");
	assert_int_equal(append(ledger, "pigment.blended",
				 json_pack("{s:s, s:s, s:[s, s]}", "blend", "M1", "colour", "black", "parts",
					 "PG7:1", "PG8:1"))
				 .error,
		0);
	refuse(load(ledger, "blend", "M1", "{\"label\":true}"), -EINVAL, "pigment lot PG7 was not checked");
	(void)enter_ok(ledger, "pigment.labelled", "{" LABEL "}");
	refuse(load(ledger, "blend", "M1", "{\"label\":true}"), -EINVAL, "pigment lot PG8 was not checked");
	(void)enter_ok(ledger, "pigment.opened", "{\"lot\":\"PG8\",\"opened\":\"2026-02-02\",\"days\":27}");
	refuse(load(ledger, "blend", "M1", "{}"), -ESTALE,
		"PG8 of this blend might be used until 2026-03-01");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_a_label_is_judged_by_what_it_has),
		LEDGER_TEST(test_an_opened_bottle_lasts_some_days),
		LEDGER_TEST(test_a_blend_is_as_good_as_its_parts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
