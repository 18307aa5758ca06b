/* SPDX-License-Identifier: Apache-2.0 */

/** Containers of sharps: a needle goes only into one that is open. */

#include "inventory-fixture.h"

static json_t *container(const char *name)
{
	return named("container", name);
}

static json_t *disposed(const char *name)
{
	return json_pack("{s:i, s:s}", "session", 1, "container", name);
}

static json_t *collected(const char *name)
{
	return json_pack("{s:s, s:s}", "container", name, "company", "Waste Ltd");
}

/** A cartridge of session 1 that is out of the handpiece. */
static void use_needles(Ledger *ledger, const char *serial)
{
	char unit[64];

	snprintf(unit, sizeof unit, "(01)04012345678901(21)%s", serial);
	accepted(ledger, "needle.claimed", claim(unit, "L1", 1));
	accepted(ledger, "needle.removed",
		json_pack("{s:i, s:s, s:i, s:i, s:s}", "session", 1, "unit", unit, "strokes", 1, "dots", 1,
			"reason", "dull"));
}

static void prepare(Ledger *ledger)
{
	accepted(ledger, "lot.received", lot("L1", 9, "2027-01-01"));
	accepted(ledger, "session.begun",
		json_pack("{s:i, s:s, s:s, s:i}", "session", 1, "subject", "p1", "protocol", "x",
			"course_session", 1));
}

static void test_from_its_opening_to_its_collection(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	prepare(ledger);
	refused(ledger, "sharps.filled", container("SC-1"), -ENOENT, "is not on record");
	accepted(ledger, "sharps.opened", container("SC-1"));
	refused(ledger, "sharps.opened", container("sc-1"), -EEXIST, "a name of its own");
	use_needles(ledger, "S1");
	accepted(ledger, "needle.disposed", disposed("SC-1"));
	expect(ledger, "sharps", container("sc-1"), "state", "open");
	expect(ledger, "sharps", container("SC-1"), "cartridges", "1");
	accepted(ledger, "sharps.filled", container("SC-1"));
	refused(ledger, "sharps.filled", container("SC-1"), -EINVAL, "is full");
	use_needles(ledger, "S2");
	refused(ledger, "needle.disposed", disposed("SC-1"), -EINVAL, "is full, as recorded on 2026-03-02");
	refused(ledger, "needle.damaged",
		json_pack("{s:s, s:s, s:s, s:s, s:s}", "unit", UNIT("S9"), "gtin", "04012345678901", "lot",
			"L1", "reason", "bent", "container", "SC-1"),
		-EINVAL, "is full");
	accepted(ledger, "sharps.collected", collected("SC-1"));
	expect(ledger, "sharps", container("SC-1"), "state", "collected");
	refused(ledger, "needle.disposed", disposed("SC-1"), -EINVAL, "was collected on 2026-03-02");
	refused(ledger, "sharps.collected", collected("SC-1"), -EINVAL, "was collected");
	accepted(ledger, "needle.disposed", disposed("SC-2"));
}

static size_t gaps(Ledger *ledger)
{
	json_auto_t *rows = look_up(
		ledger, "check", json_pack("{s:s, s:s}", "rule", "sharps-opened", "proofs", "disposal"));

	return json_array_size(rows);
}

/** Without any opening on record, as in a ledger from before, none is missed. */
static void test_what_nobody_opened(void **state)
{
	Ledger *ledger = ((Fixture *)*state)->ledger;

	prepare(ledger);
	use_needles(ledger, "S1");
	accepted(ledger, "needle.disposed", disposed("OLD"));
	expect(ledger, "sharps", container("OLD"), "state", "open");
	assert_int_equal(gaps(ledger), 0);
	accepted(ledger, "sharps.opened", container("SC-1"));
	assert_int_equal(gaps(ledger), 0);
	fake_utc_us += USEC_PER_DAY;
	use_needles(ledger, "S2");
	accepted(ledger, "needle.disposed", disposed("SC-2"));
	assert_int_equal(gaps(ledger), 1);
	/* it can still be put on record */
	accepted(ledger, "sharps.opened", container("SC-2"));
	assert_int_equal(gaps(ledger), 0);
	fake_utc_us -= USEC_PER_DAY;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		LEDGER_TEST(test_from_its_opening_to_its_collection),
		LEDGER_TEST(test_what_nobody_opened),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
