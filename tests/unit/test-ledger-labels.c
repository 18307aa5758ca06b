/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Labels in the ledger: which serials a lot's cartridges get, that no two get the same, which cartridges may
 * then be claimed, and which packs get a label.
 */

#include "inventory-fixture.h"

static json_t *labels(const char *name, int count)
{
	return json_pack("{s:s, s:i}", "lot", name, "count", count);
}

static json_t *again(const char *name, int first, int count)
{
	return json_pack("{s:s, s:i, s:i, s:s}", "lot", name, "first", first, "count", count, "reason",
		"the printer tore it");
}

/** A text of the label with that number, among all of the lot. */
static void label_text(Ledger *ledger, const char *name, int number, const char *column, char ret[96])
{
	json_t *rows = look_up(ledger, "labels", named("lot", name)), *row;
	size_t i;

	ret[0] = '\0';
	json_array_foreach (rows, i, row)
		if (json_integer_value(json_object_get(row, "number")) == number)
			snprintf(ret, 96, "%s", json_string_value(json_object_get(row, column)));
	json_decref(rows);
}

static void test_each_cartridge_gets_a_serial_of_its_own(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	char first[96], second[96], last[96];

	accepted(ledger, "lot.received", lot("L1", 20, "2027-01-01"));
	accepted(ledger, "lot.labelled", labels("L1", 5));
	accepted(ledger, "lot.labelled", labels("L1", 5));
	accepted(ledger, "lot.labelled", named("lot", "L1"));
	expect_rows(ledger, "labels", named("lot", "l1"), 20);
	expect_rows(ledger, "labels", json_pack("{s:i}", "record", 3), 5);
	label_text(ledger, "L1", 1, "serial", first);
	label_text(ledger, "L1", 6, "serial", second);
	label_text(ledger, "L1", 20, "serial", last);
	assert_int_equal(strlen(first), 12);
	assert_string_equal(first + 6, "000001");
	assert_string_equal(second + 6, "000006");
	assert_string_equal(last + 6, "000020");
	assert_memory_not_equal(first, second, 6);
	refused(ledger, "lot.labelled", named("lot", "L1"), -EEXIST, "label reprint");
	refused(ledger, "lot.labelled", json_pack("{s:s, s:s}", "lot", "L1", "run", "BBBBBB"), -EINVAL,
		"the station gives the serials");
	accepted(ledger, "lot.received", lot("L1", 3, "2027-01-01"));
	accepted(ledger, "lot.labelled", named("lot", "L1"));
	expect_rows(ledger, "labels", named("lot", "L1"), 23);
}

static void test_how_many_get_a_label(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	accepted(ledger, "lot.received", lot("L1", 3000, "2027-01-01"));
	refused(ledger, "lot.labelled", named("lot", "L1"), -EINVAL, "at most 1000 at a time");
	refused(ledger, "lot.labelled", labels("L1", 1001), -EINVAL, "1000");
	refused(ledger, "lot.labelled", labels("L1", 0), -EINVAL, "count");
	accepted(ledger, "lot.received", lot("L2", 4, "2027-01-01"));
	accepted(ledger, "needle.claimed", claim("(01)04012345678901(10)L2", "L2", 1));
	accepted(ledger, "needle.damaged", damaged("(01)04012345678901(10)L2", "L2"));
	refused(ledger, "lot.labelled", labels("L2", 3), -EINVAL, "2 cartridges without a label, not 3");
	accepted(ledger, "lot.labelled", named("lot", "L2"));
	expect_rows(ledger, "labels", named("lot", "L2"), 2);
	refused(ledger, "lot.labelled", named("lot", "L9"), -ENOENT, "not on record");
}

static void test_a_lot_that_may_not_be_used_gets_none(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	json_t *made = lot("L3", 5, "2027-01-01");

	enrol(ledger, "b1", "supervisor");
	accepted(ledger, "lot.received", lot("L1", 5, "2027-01-01"));
	accepted(ledger, "lot.status",
		json_pack("{s:s, s:s, s:s}", "lot", "L1", "status", "quarantined", "reason", "r"));
	refused(ledger, "lot.labelled", named("lot", "L1"), -EKEYREVOKED, "lot L1 is quarantined");
	accepted(ledger, "lot.status",
		json_pack("{s:s, s:s, s:s}", "lot", "L1", "status", "recalled", "reason", "r"));
	refused(ledger, "lot.labelled", named("lot", "L1"), -EKEYREVOKED, "lot L1 is recalled");
	accepted(ledger, "lot.received", lot("L2", 5, "2020-01-01"));
	refused(ledger, "lot.labelled", named("lot", "L2"), -ESTALE, "expired on 2020-01-01");
	json_object_set_new(made, "serialised", json_true());
	accepted(ledger, "lot.received", made);
	refused(ledger, "lot.labelled", named("lot", "L3"), -EEXIST, "serials of their maker");
	accepted(ledger, "lot.received", lot("L4", 5, "2027-01-01"));
	accepted(ledger, "needle.claimed", claim(UNIT("A17"), "L4", 1));
	refused(ledger, "lot.labelled", named("lot", "L4"), -EEXIST, "serials of their maker");
}

static void test_a_labelled_cartridge_is_claimed_once(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	char unit[96], lower[96];

	accepted(ledger, "lot.received", lot("L1", 3, "2027-01-01"));
	accepted(ledger, "lot.labelled", labels("L1", 2));
	refused(ledger, "needle.claimed", claim("(01)04012345678901(10)L1", "L1", 1), -ENOTUNIQ,
		"labels of the clinic");
	refused(ledger, "needle.claimed", claim(UNIT("A17"), "L1", 1), -EBADMSG, "the clinic's label");
	refused(ledger, "needle.damaged", damaged(UNIT("A17"), "L1"), -EBADMSG, "the clinic's label");
	label_text(ledger, "L1", 2, "unit", unit);
	accepted(ledger, "needle.claimed", claim(unit, "L1", 1));
	refused(ledger, "needle.claimed", claim(unit, "L1", 1), -EEXIST, "was used on");
	label_text(ledger, "L1", 2, "state", lower);
	assert_string_equal(lower, "mounted");
	label_text(ledger, "L1", 1, "unit", unit);
	snprintf(lower, sizeof lower, "%s", unit);
	lower[23] = (char)(lower[23] | 0x20);
	refused(ledger, "needle.claimed", claim(lower, "L1", 1), -EBADMSG, "the clinic's label");
	unit[strlen(unit) - 1] = '3'; /* the third, which has no label yet */
	refused(ledger, "needle.claimed", claim(unit, "L1", 1), -EBADMSG, "the clinic's label");
	expect_rows(ledger, "needles", json_object(), 1);
}

static void test_a_label_is_of_its_own_lot(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	char unit[96];

	accepted(ledger, "lot.received", lot("L1", 3, "2027-01-01"));
	accepted(ledger, "lot.received", lot("L2", 3, "2027-01-01"));
	accepted(ledger, "lot.labelled", named("lot", "L1"));
	accepted(ledger, "lot.labelled", named("lot", "L2"));
	label_text(ledger, "L1", 1, "unit", unit);
	refused(ledger, "needle.claimed", claim(unit, "L2", 1), -EBADMSG, "of lot L2");
	accepted(ledger, "needle.claimed", claim(unit, "L1", 1));
}

static void test_a_plain_lot_gets_labels(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	json_t *plain = lot("T-7", 3, "2027-01-01"), *body;
	char unit[96];

	json_object_del(plain, "gtin");
	accepted(ledger, "lot.received", plain);
	body = claim("(10)T-7", "T-7", 1);
	json_object_del(body, "gtin");
	accepted(ledger, "needle.claimed", body);
	accepted(ledger, "lot.labelled", named("lot", "T-7"));
	expect_rows(ledger, "labels", named("lot", "T-7"), 2);
	label_text(ledger, "T-7", 2, "unit", unit);
	assert_memory_equal(unit, "(10)T-7#", 8);
	body = claim(unit, "T-7", 1);
	json_object_del(body, "gtin");
	accepted(ledger, "needle.claimed", body);
	body = claim(unit, "T-7", 1);
	json_object_del(body, "gtin");
	refused(ledger, "needle.claimed", body, -EEXIST, "was used on");
	memcpy(unit, "(10)t-7", 7); /* another spelling of the lot makes no other cartridge */
	body = claim(unit, "t-7", 1);
	json_object_del(body, "gtin");
	refused(ledger, "needle.claimed", body, -EBADMSG, "the clinic's label");
}

static void test_a_label_is_printed_again(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	char unit[96];

	accepted(ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	refused(ledger, "lot.relabelled", again("L1", 1, 1), -ENOENT, "no labels yet");
	accepted(ledger, "lot.labelled", labels("L1", 3));
	accepted(ledger, "lot.labelled", labels("L1", 3));
	refused(ledger, "lot.relabelled", again("L1", 6, 2), -EINVAL, "1 to 6");
	refused(ledger, "lot.relabelled", again("L1", 0, 1), -EINVAL, "first");
	label_text(ledger, "L1", 2, "unit", unit);
	accepted(ledger, "lot.relabelled", again("L1", 2, 3)); /* of both runs */
	expect_rows(ledger, "labels", json_pack("{s:i}", "record", 4), 3);
	expect_rows(ledger, "labels", named("lot", "L1"), 6);
	accepted(ledger, "needle.claimed", claim(unit, "L1", 1));
	refused(ledger, "lot.relabelled", again("L1", 1, 2), -EEXIST, unit);
	accepted(ledger, "lot.relabelled", again("L1", 1, 1));
}

/* ---- packs ---- */

static json_t *cycle(int number, const char *started)
{
	return json_pack("{s:s, s:i, s:s, s:s, s:i, s:i, s:[s, s]}", "sterilizer", "S1", "cycle", number,
		"program", "B", "started", started, "temperature_c", 134, "exposure_s", 240, "contents",
		"hp1", "tweezers");
}

static json_t *release(int number)
{
	return json_pack("{s:s, s:i, s:s, s:s, s:s, s:i, s:s}", "sterilizer", "S1", "cycle", number, "signed",
		"released", "profile", "x", "proofs", "", "sterile_days", 60, "initials", "AE");
}

static json_t *packs(int number)
{
	return json_pack("{s:s, s:i}", "sterilizer", "S1", "cycle", number);
}

static void test_a_released_load_gets_labels(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;
	json_t *one = packs(1), *same;

	accepted(ledger, "sterilizer.registered",
		json_pack("{s:s, s:s, s:s, s:s, s:s}", "sterilizer", "S1", "maker", "m", "model", "o",
			"serial", "1", "installed", "2026-01-01"));
	refused(ledger, "pack.labelled", packs(1), -ENOENT, "cycle 1");
	accepted(ledger, "cycle.recorded", cycle(1, "2026-03-01T08:00:00Z"));
	refused(ledger, "pack.labelled", packs(1), -EKEYREVOKED, "not released");
	accepted(ledger, "cycle.released", release(1));
	json_object_set_new(one, "items", json_pack("[s]", "scissors"));
	refused(ledger, "pack.labelled", json_deep_copy(one), -ENOENT, "was not in the load");
	json_object_set_new(one, "items", json_pack("[s]", "tweezers"));
	accepted(ledger, "pack.labelled", json_deep_copy(one));
	expect(ledger, "packs", json_object(), "item", "tweezers");
	expect(ledger, "packs", json_object(), "use_by", "2026-04-30");
	expect(ledger, "packs", json_object(), "initials", "AE");
	refused(ledger, "pack.labelled", packs(1), -EEXIST, "tweezers");
	same = json_deep_copy(one);
	json_object_set_new(same, "reason", json_string("smudged"));
	accepted(ledger, "pack.labelled", same);
	expect_rows(ledger, "packs", json_object(), 2);
	json_object_set_new(one, "items", json_pack("[s]", "hp1"));
	accepted(ledger, "pack.labelled", json_deep_copy(one));
	accepted(ledger, "cycle.rejected",
		json_pack("{s:s, s:i, s:s}", "sterilizer", "S1", "cycle", 1, "reason", "wet"));
	json_object_set_new(one, "reason", json_string("lost"));
	refused(ledger, "pack.labelled", one, -EKEYREVOKED, "was rejected");
}

static void test_an_old_load_gets_none(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	accepted(ledger, "sterilizer.registered",
		json_pack("{s:s, s:s, s:s, s:s, s:s}", "sterilizer", "S1", "maker", "m", "model", "o",
			"serial", "1", "installed", "2025-01-01"));
	accepted(ledger, "cycle.recorded", cycle(1, "2025-06-01T08:00:00Z"));
	accepted(ledger, "cycle.released", release(1));
	refused(ledger, "pack.labelled", packs(1), -ESTALE, "was sterile until 2025-07-31");
	accepted(ledger, "cycle.recorded", cycle(2, "2026-03-01T08:00:00Z"));
	accepted(ledger, "cycle.released", release(2));
	refused(ledger, "pack.labelled", packs(1), -EKEYREVOKED, "sterilised again after cycle 1");
	accepted(ledger, "pack.labelled", packs(2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_each_cartridge_gets_a_serial_of_its_own),
		LEDGER_TEST(test_how_many_get_a_label),
		LEDGER_TEST(test_a_lot_that_may_not_be_used_gets_none),
		LEDGER_TEST(test_a_labelled_cartridge_is_claimed_once),
		LEDGER_TEST(test_a_label_is_of_its_own_lot),
		LEDGER_TEST(test_a_plain_lot_gets_labels),
		LEDGER_TEST(test_a_label_is_printed_again),
		LEDGER_TEST(test_a_released_load_gets_labels),
		LEDGER_TEST(test_an_old_load_gets_none),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
