/* SPDX-License-Identifier: Apache-2.0 */

/** Who holds which cartridge, by the registry's log; what contradicts itself there. */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "holders.h"

#define ONE "stipple/clinic/one"
#define TWO "stipple/clinic/two"

enum { MANY = 20000 };

static void say(Holders *holders, uint64_t seq, json_t *leaf)
{
	_cleanup_(freep) char *text = json_dumps(leaf, JSON_COMPACT);

	assert_non_null(text);
	holders_take(holders, seq, text, strlen(text));
	json_decref(leaf);
}

static void grant(Holders *holders, uint64_t seq, const char *station, const char *unit)
{
	say(holders, seq,
		json_pack("{s:s, s:s, s:s, s:[s]}", "kind", "units.granted", "station", station, "lot", "L1",
			"units", unit));
}

static void grant_range(Holders *holders, uint64_t seq, const char *station, int first, int last)
{
	say(holders, seq,
		json_pack("{s:s, s:s, s:s, s:s, s:i, s:i}", "kind", "range.granted", "station", station,
			"lot", "L2", "unit", "(10)L2", "first", first, "last", last));
}

static void move(Holders *holders, uint64_t seq, const char *from, const char *to, const char *unit)
{
	say(holders, seq,
		json_pack("{s:s, s:s, s:s, s:[s]}", "kind", "units.moved", "station", from, "to", to, "units",
			unit));
}

static void check_holder(const Holders *holders, const char *unit, const char *expected)
{
	const char *who = holders_who(holders, unit);

	if (expected)
		assert_string_equal(who ? who : "nobody", expected);
	else
		assert_null(who);
}

static int setup_holders(void **state)
{
	return holders_new((Holders **)state);
}

static int teardown_holders(void **state)
{
	holders_free(*state);
	return 0;
}

static void test_a_cartridge_belongs_to_one(void **state)
{
	Holders *holders = *state;

	check_holder(holders, "u", NULL);
	grant(holders, 0, ONE, "u");
	grant(holders, 1, ONE, "u"); /* to the same one: no contradiction */
	move(holders, 2, ONE, TWO, "u");
	check_holder(holders, "u", TWO);
	assert_null(holders_flaw(holders));
	grant(holders, 3, ONE, "u");
	check_holder(holders, "u", TWO);
	assert_string_equal(holders_flaw(holders),
		"leaf 3 of the registry's log gives the cartridge u, which " TWO " holds, to " ONE);
	/* what another one holds cannot be moved away by a third */
	move(holders, 4, ONE, "stipple/clinic/three", "u");
	check_holder(holders, "u", TWO);
	/* the contradictions concern nobody */
	assert_int_equal(holders_next(holders, 0, ONE), 0);
	assert_int_equal(holders_next(holders, 3, ONE), UINT64_MAX);
	assert_int_equal(holders_next(holders, 1, TWO), 2);
}

static void test_a_leaf_with_one_contradiction_gives_nothing(void **state)
{
	Holders *holders = *state;

	grant(holders, 0, ONE, "a");
	say(holders, 1,
		json_pack("{s:s, s:s, s:s, s:[sss]}", "kind", "units.granted", "station", TWO, "lot", "L1",
			"units", "b", "a", "c"));
	check_holder(holders, "b", NULL);
	check_holder(holders, "c", NULL);
	assert_non_null(holders_flaw(holders));
}

static void test_numbers_of_a_lot(void **state)
{
	Holders *holders = *state;

	grant_range(holders, 0, ONE, 1, 10);
	grant_range(holders, 1, TWO, 11, 20);
	grant_range(holders, 2, ONE, 21, 21);
	assert_null(holders_flaw(holders));
	check_holder(holders, "(10)L2#1", ONE);
	check_holder(holders, "(10)L2#10", ONE);
	check_holder(holders, "(10)L2#11", TWO);
	check_holder(holders, "(10)L2#21", ONE);
	check_holder(holders, "(10)L2#22", NULL);
	check_holder(holders, "(10)L2#", NULL);
	check_holder(holders, "(10)L2#1x", NULL);
	check_holder(holders, "(10)L2#-1", NULL);
	check_holder(holders, "(10)L2#99999999999999999999999", NULL);
	check_holder(holders, "(10)L3#1", NULL);
	/* a single number that moves leaves the range */
	move(holders, 3, ONE, TWO, "(10)L2#10");
	check_holder(holders, "(10)L2#10", TWO);
	check_holder(holders, "(10)L2#9", ONE);
	assert_null(holders_flaw(holders));
	/* an overlap at either end */
	grant_range(holders, 4, TWO, 21, 30);
	assert_non_null(holders_flaw(holders));
	check_holder(holders, "(10)L2#22", NULL);
}

static void test_what_is_not_understood_changes_nothing(void **state)
{
	static const char *const leaves[] = { "", "{", "[]", "7", "{\"kind\":7}",
		"{\"kind\":\"units.granted\"}",
		"{\"kind\":\"units.granted\",\"station\":7,\"units\":[1,null]}",
		"{\"kind\":\"range.granted\",\"station\":\"" ONE
		"\",\"lot\":\"L\",\"unit\":\"u\",\"first\":-1,\"last\":2}",
		"{\"kind\":\"range.granted\",\"station\":\"" ONE
		"\",\"lot\":\"L\",\"unit\":\"u\",\"first\":3,\"last\":2}",
		"{\"kind\":\"boot.confirmed\"}", "{\"kind\":\"of tomorrow\",\"station\":\"" ONE "\"}" };
	Holders *holders = *state;

	for (size_t i = 0; i < ELEMENTS(leaves); i++)
		holders_take(holders, i, leaves[i], strlen(leaves[i]));
	assert_null(holders_flaw(holders));
	check_holder(holders, "u#2", NULL);
	/* a kind of a later version is passed on to the station that it names */
	assert_int_equal(holders_next(holders, 0, ONE), ELEMENTS(leaves) - 1);
}

static void test_the_newest_boot_counts(void **state)
{
	Holders *holders = *state;

	say(holders, 0, json_pack("{s:s, s:s, s:s}", "kind", "boot.confirmed", "station", ONE, "boot", "b1"));
	say(holders, 1, json_pack("{s:s, s:s, s:s}", "kind", "boot.confirmed", "station", TWO, "boot", "b2"));
	assert_true(holders_boot_confirmed(holders, ONE, "b1"));
	assert_false(holders_boot_confirmed(holders, ONE, "b2"));
	assert_false(holders_boot_confirmed(holders, "stipple/clinic/three", ""));
	say(holders, 2, json_pack("{s:s, s:s, s:s}", "kind", "boot.confirmed", "station", ONE, "boot", "b3"));
	assert_false(holders_boot_confirmed(holders, ONE, "b1"));
}

static void test_many(void **state)
{
	Holders *holders = *state;
	char unit[32], station[32];

	for (int i = 0; i < MANY; i++) {
		snprintf(unit, sizeof unit, "u%d", i);
		snprintf(station, sizeof station, "stipple/clinic/%d", i % 300);
		grant(holders, (uint64_t)i, station, unit);
	}
	assert_null(holders_flaw(holders));
	for (int i = 0; i < MANY; i += 7) {
		snprintf(unit, sizeof unit, "u%d", i);
		snprintf(station, sizeof station, "stipple/clinic/%d", i % 300);
		check_holder(holders, unit, station);
	}
	assert_int_equal(holders_next(holders, 301, "stipple/clinic/300"), UINT64_MAX);
	assert_int_equal(holders_next(holders, 301, "stipple/clinic/299"), 599);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_a_cartridge_belongs_to_one, setup_holders, teardown_holders),
		cmocka_unit_test_setup_teardown(
			test_a_leaf_with_one_contradiction_gives_nothing, setup_holders, teardown_holders),
		cmocka_unit_test_setup_teardown(test_numbers_of_a_lot, setup_holders, teardown_holders),
		cmocka_unit_test_setup_teardown(
			test_what_is_not_understood_changes_nothing, setup_holders, teardown_holders),
		cmocka_unit_test_setup_teardown(test_the_newest_boot_counts, setup_holders, teardown_holders),
		cmocka_unit_test_setup_teardown(test_many, setup_holders, teardown_holders),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
