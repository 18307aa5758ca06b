/* SPDX-License-Identifier: Apache-2.0 */

/** One cartridge is one unit, however its code is spelt: what a claim is compared with, and who settles a
 * doubt. */

#include "inventory-fixture.h"

/** `tried`: like `used`, which was claimed before; a supervisor tells them apart. */
static void expect_twin(Ledger *ledger, const char *tried, const char *used, const char *says)
{
	refused(ledger, "needle.claimed", claim(tried, "L1", 1), -ENOTUNIQ, says);
	accepted(ledger, "needle.distinct", distinct(tried, used));
	accepted(ledger, "needle.claimed", claim(tried, "L1", 1));
}

static void test_serials_that_may_be_one(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	static const char alike[] = "differs from (01)04012345678901(21)A17 of 2026-03-02 in capitals, zeros";

	accepted(ledger, "lot.received", lot("L1", 90, "2027-01-01"));
	accepted(ledger, "needle.claimed", claim(UNIT("A17"), "L1", 1));
	refused(ledger, "needle.claimed", claim(UNIT("A17"), "L1", 1), -EEXIST, "was used on");
	refused(ledger, "needle.claimed", claim(UNIT("A017"), "L1", 1), -ENOTUNIQ, "(21)A17 of 2026-03-02");
	refused(ledger, "needle.claimed", claim(UNIT("A17."), "L1", 1), -ENOTUNIQ,
		"capitals, zeros or signs");
	refused(ledger, "needle.claimed", claim(UNIT("-A-0017"), "L1", 1), -ENOTUNIQ,
		"capitals, zeros or signs");
	/* two that were told apart from the first have not been told apart from each other */
	expect_twin(ledger, UNIT("a17"), UNIT("A17"), alike);
	accepted(ledger, "needle.distinct", distinct(UNIT("A017"), UNIT("A17")));
	refused(ledger, "needle.claimed", claim(UNIT("A017"), "L1", 1), -ENOTUNIQ, "(21)a17");
	/* what differs is another one */
	accepted(ledger, "needle.claimed", claim(UNIT("A170"), "L1", 1));
	accepted(ledger, "needle.claimed", claim(UNIT("A107"), "L1", 1));
	accepted(ledger, "needle.claimed", claim(UNIT("B0"), "L1", 1));
	accepted(ledger, "needle.claimed", claim(UNIT("B"), "L1", 1));
	refused(ledger, "needle.claimed", claim(UNIT("B00"), "L1", 1), -ENOTUNIQ, "(21)B0 ");
	/* a damaged one is one as well */
	accepted(ledger, "needle.damaged", damaged(UNIT("C5"), "L1"));
	refused(ledger, "needle.claimed", claim(UNIT("c5"), "L1", 1), -ENOTUNIQ, "capitals");
	refused(ledger, "needle.distinct", distinct(UNIT("A17"), UNIT("A17")), -EINVAL, "than itself");
	refused(ledger, "needle.distinct", distinct(UNIT("X"), UNIT("Y")), -ENOENT, "not on record");
}

static void test_separators_that_a_scanner_swallowed(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;

	accepted(ledger, "lot.received", lot("L2031", 90, "2027-01-01"));
	accepted(ledger, "lot.received", lot("L1", 90, "2027-01-01"));
	refused(ledger, "needle.claimed", claim("(01)04012345678901(10)L203121A17", "L203121A17", 1),
		-ENOTUNIQ, "reads like lot L2031 with serial A17 behind it");
	accepted(ledger, "needle.claimed", claim(UNIT("A17"), "L1", 1));
	expect_twin(ledger, UNIT("A1799X"), UNIT("A17"), "further identifier");
	expect_twin(ledger, UNIT("A17240R"), UNIT("A17"), "further identifier");
	expect_twin(ledger, UNIT("A1717311231"), UNIT("A17"), "further identifier");
	accepted(ledger, "needle.claimed", claim(UNIT("A17X"), "L1", 1));
	accepted(ledger, "needle.claimed", claim(UNIT("B811L9"), "L1", 1));
	accepted(ledger, "needle.claimed", claim(UNIT("B899L9"), "L1", 1));
	expect_twin(ledger, UNIT("B8"), UNIT("B899L9"), "further identifier");
	/* serials that are numbers are often longer than others of their lot */
	accepted(ledger, "needle.claimed", claim(UNIT("12"), "L1", 1));
	accepted(ledger, "needle.claimed", claim(UNIT("12995"), "L1", 1));
	accepted(ledger, "needle.claimed", claim(UNIT("12105"), "L1", 1));
	expect_twin(ledger, UNIT("1217311231"), UNIT("12"), "further identifier");
	/* a lot that is on record is one, unless the shorter one has serials */
	accepted(ledger, "lot.received", lot("L203121A", 90, "2027-01-01"));
	accepted(ledger, "needle.claimed", claim("(01)04012345678901(10)L203121A", "L203121A", 1));
	accepted(ledger, "needle.claimed", claim(UNIT("Z1"), "L2031", 1));
	refused(ledger, "needle.claimed", claim("(01)04012345678901(10)L203121A", "L203121A", 1), -ENOTUNIQ,
		"reads like lot L2031 with serial A");
}

static void test_a_lot_with_serials_demands_them(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	json_t *serialised = lot("L2", 9, "2027-01-01"), *more = lot("L9", 9, "2027-01-01"), *bare;

	accepted(ledger, "lot.received", lot("L9", 9, "2027-01-01"));
	accepted(ledger, "needle.claimed", claim(LOT_UNIT, "L9", 1));
	accepted(ledger, "needle.claimed", claim(UNIT("A17"), "L9", 1));
	refused(ledger, "needle.claimed", claim(LOT_UNIT, "L9", 1), -ENOTUNIQ, "lot L9 have serials");
	bare = json_pack("{s:i, s:s, s:s, s:s}", "session", 1, "unit", "(10)L9", "lot", "L9", "code", "L9");
	refused(ledger, "needle.claimed", bare, -ENOTUNIQ, "this code has none");
	expect(ledger, "unit", named("unit", UNIT("A17")), "source", "");
	json_object_set_new(serialised, "serialised", json_true());
	accepted(ledger, "lot.received", serialised);
	refused(ledger, "needle.claimed", claim("(01)04012345678901(10)L2", "L2", 1), -ENOTUNIQ,
		"have serials");
	accepted(ledger, "needle.claimed", claim(UNIT("S1"), "L2", 1));
	expect(ledger, "lot", named("lot", "L2"), "serialised", "1");
	/* one that cannot be used is put down all the same */
	accepted(ledger, "needle.damaged", damaged("(01)04012345678901(10)L2", "L2"));
	json_object_set_new(more, "serialised", json_false());
	accepted(ledger, "lot.received", more);
	refused(ledger, "needle.claimed", claim(LOT_UNIT, "L9", 1), -ENOTUNIQ, "have serials");
}

static json_t *expiring(const char *unit, const char *expiry)
{
	json_t *body = claim(unit, "L1", 1);

	json_object_set_new(body, "expiry", json_string(expiry));
	json_object_set_new(body, "source", json_string("keyboard"));
	return body;
}

static void test_a_printed_expiry_is_that_of_the_lot(void **state)
{
	Fixture *fixture = *state;
	Ledger *ledger = fixture->ledger;
	LedgerAnswer received;

	enrol(ledger, "b1", "supervisor");
	received = append(ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	accepted(ledger, "needle.claimed", expiring(UNIT("A"), "2027-01-01"));
	refused(ledger, "needle.claimed", expiring(UNIT("B"), "2027-01-31"), -EBADMSG, "says 2027-01-01");
	refused(ledger, "needle.claimed", expiring(UNIT("B"), "2026-12-31"), -EBADMSG,
		"expires on 2026-12-31");
	refused(ledger, "needle.claimed", expiring(UNIT("B"), "2026-01-31"), -ESTALE,
		"expired on 2026-01-31");
	accepted(ledger, "record.corrected",
		json_pack("{s:I, s:s, s:s, s:s, s:s, s:s}", "corrects", (json_int_t)received.seq, "field",
			"expiry", "old", "2027-01-01", "new", "2027-01-31", "why", "misread", "signed", "x"));
	accepted(ledger, "needle.claimed", expiring(UNIT("B"), "2027-01-31"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_serials_that_may_be_one),
		LEDGER_TEST(test_separators_that_a_scanner_swallowed),
		LEDGER_TEST(test_a_lot_with_serials_demands_them),
		LEDGER_TEST(test_a_printed_expiry_is_that_of_the_lot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
