/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Protocols of treatment: the most specific density wins, and of depth and force the strictest figure; the
 * shipped plans keep to every limit, and a bad file is refused with its place.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "config/protocol-file.h"
#include "skin-model.h"
#include "util/file.h"

#define SHIPPED STIPPLE_SOURCE_FOLDER "/configs/protocols"

/* Written to FOLDER/p.conf before each case. */
static char folder[] = "stipple-protocol-XXXXXX";

#define GENERAL                                                        \
	"[protocol]\ntitle = T\nsessions = 2\ninterval_min_days = 7\n" \
	"break_reminder_min = 50\nsession_max_min = 300\n"
#define PLAN                                                                                               \
	"[default]\ndepth_min_um = 500\ndepth_max_um = 1500\ndepth_limit_um = 2000\nforce_warn_mn = 900\n" \
	"force_limit_mn = 1500\nrate_hz = 120\ndwell_ms = 60\ndensity = 100\n"

static int load(const char *text, Protocol **ret, Error *error)
{
	assert_int_equal(file_write_atomic(folder, "p.conf", text, strlen(text)), 0);
	return protocol_load(folder, "p", ret, error);
}

static void test_names_round_trip(void **state)
{
	for (int i = 0; i < ZONE_MAX; i++)
		assert_int_equal(zone_from_string(zone_to_string((Zone)i)), i);
	for (int i = 0; i < SKIN_TYPE_MAX; i++)
		assert_int_equal(skin_type_from_string(skin_type_to_string((SkinType)i)), i);
	assert_null(zone_to_string(ZONE_MAX));
	assert_null(skin_type_to_string(SKIN_TYPE_INVALID));
	assert_int_equal(zone_from_string("ear"), ZONE_INVALID);
	assert_int_equal(skin_type_from_string(""), SKIN_TYPE_INVALID);
}

static uint16_t density(const Protocol *protocol, uint32_t session, Zone zone, SkinType skin)
{
	const ZonePlan *plan = protocol_plan(protocol, session, zone, skin);

	assert_non_null(plan);
	return plan->density;
}

static void test_shipped_protocols(void **state)
{
	_cleanup_(ini_names_freep) char **names = NULL;
	Error error = { 0 };
	int n;

	n = protocol_list(SHIPPED, &names);
	assert_int_equal(n, 5);
	for (int i = 0; i < n; i++) {
		_cleanup_(freep) Protocol *protocol = NULL;

		if (protocol_load(SHIPPED, names[i], &protocol, &error) < 0)
			fail_msg("%s", error.text);
		assert_string_equal(protocol->name, names[i]);
		assert_true(protocol->n_screening > 5);
		assert_true(protocol->n_aftercare > 3);
	}
	assert_string_equal(names[0], "sample-patch");
	assert_string_equal(names[1], "scalp-density");
	assert_string_equal(names[2], "scar-camouflage");
	assert_string_equal(names[3], "thinning");
	assert_string_equal(names[4], "touch-up");
	assert_null(names[5]);
}

static void test_scalp_density(void **state)
{
	_cleanup_(freep) Protocol *protocol = NULL;
	Error error = { 0 };

	assert_int_equal(protocol_load(SHIPPED, "scalp-density", &protocol, &error), 0);
	assert_string_equal(protocol->title, "Scalp density, three sessions");
	assert_int_equal(protocol->sessions, 3);
	assert_int_equal(protocol->interval_min_days[0], 0);
	assert_int_equal(protocol->interval_min_days[1], 7);
	assert_int_equal(protocol->interval_min_days[2], 28);
	assert_string_equal(protocol->screening[0], "keloids");
	assert_int_equal(protocol->screening_effects[0], ANSWER_RULES_OUT);
	assert_string_equal(protocol->screening[5], "eczema");
	assert_int_equal(protocol->screening_effects[5], ANSWER_NOTED);
	assert_non_null(strstr(protocol->aftercare[0], "four days"));
	assert_int_equal(density(protocol, 1, ZONE_CROWN, SKIN_NORMAL), 40);
	assert_int_equal(density(protocol, 3, ZONE_CROWN, SKIN_NORMAL), 100);
	assert_int_equal(density(protocol, 1, ZONE_FRONTAL_HAIRLINE, SKIN_NORMAL), 30);
	assert_int_equal(density(protocol, 3, ZONE_SCAR_1, SKIN_SCAR), 40);
	/* every skin begins with the most careful session */
	assert_int_equal(density(protocol, 1, ZONE_SCAR_1, SKIN_SCAR), 20);
	assert_int_equal(density(protocol, 1, ZONE_CROWN, SKIN_ATROPHIC), 25);
	assert_int_equal(density(protocol, 1, ZONE_CROWN, SKIN_PLUG), 30);
	assert_int_equal(density(protocol, 2, ZONE_CROWN, SKIN_PLUG), 50);
	assert_int_equal(density(protocol, 3, ZONE_CROWN, SKIN_ATROPHIC), 50);
	assert_int_equal(density(protocol, 1, ZONE_FRONTAL_HAIRLINE, SKIN_ATROPHIC), 20);
	assert_int_equal(protocol->healing_min_days, 7);
	assert_null(protocol_plan(protocol, 0, ZONE_CROWN, SKIN_NORMAL));
	assert_null(protocol_plan(protocol, 4, ZONE_CROWN, SKIN_NORMAL));
	assert_null(protocol_plan(protocol, 1, ZONE_MAX, SKIN_NORMAL));
	assert_null(protocol_plan(protocol, 1, ZONE_CROWN, SKIN_TYPE_INVALID));
}

/* Eight scopes with densities of their own, in either order of the file: the most specific wins. */
static void test_most_specific_wins(void **state)
{
	static const char *const scopes[] = {
		"[default]\ndensity = 50\n",
		"[session 2]\ndensity = 60\n",
		"[skin scar]\ndensity = 10\n",
		"[zone crown]\ndensity = 40\n",
		"[skin scar session 2]\ndensity = 20\n",
		"[zone crown session 2]\ndensity = 45\n",
		"[zone crown skin scar]\ndensity = 15\n",
		"[zone crown skin scar session 2]\ndensity = 25\n",
	};
	static const char *const rest = "[default]\ndepth_min_um = 500\ndepth_max_um = 1500\n"
					"depth_limit_um = 2000\nforce_warn_mn = 900\nforce_limit_mn = 1500\n"
					"rate_hz = 120\ndwell_ms = 60\n";

	for (int backwards = 0; backwards < 2; backwards++) {
		_cleanup_(freep) Protocol *protocol = NULL;
		char text[2048];
		Error error = { 0 };
		int used = snprintf(text, sizeof text, "%s%s", GENERAL, rest);

		for (size_t i = 0; i < ELEMENTS(scopes); i++)
			used += snprintf(text + used, sizeof text - (size_t)used, "%s",
				scopes[backwards ? ELEMENTS(scopes) - 1 - i : i]);
		if (load(text, &protocol, &error) < 0)
			fail_msg("%s", error.text);
		assert_int_equal(density(protocol, 1, ZONE_NAPE, SKIN_NORMAL), 50);
		assert_int_equal(density(protocol, 2, ZONE_NAPE, SKIN_NORMAL), 60);
		assert_int_equal(density(protocol, 1, ZONE_NAPE, SKIN_SCAR), 10);
		assert_int_equal(density(protocol, 1, ZONE_CROWN, SKIN_PLUG), 40);
		assert_int_equal(density(protocol, 2, ZONE_NAPE, SKIN_SCAR), 20);
		assert_int_equal(density(protocol, 2, ZONE_CROWN, SKIN_PLUG), 45);
		assert_int_equal(density(protocol, 1, ZONE_CROWN, SKIN_SCAR), 15);
		assert_int_equal(density(protocol, 2, ZONE_CROWN, SKIN_SCAR), 25);
	}
}

/* Depth and force of eight scopes, in either order of the file: the smallest that applies, whatever its rank.
 */
static void test_the_strictest_figure_wins(void **state)
{
	static const char *const scopes[] = {
		PLAN,
		"[session 2]\ndepth_max_um = 1400\nforce_warn_mn = 700\n",
		"[skin atrophic]\ndepth_min_um = 300\ndepth_max_um = 900\ndepth_limit_um = 1300\n"
		"force_warn_mn = 600\nforce_limit_mn = 1000\nrate_hz = 100\n",
		"[zone crown]\ndepth_max_um = 1300\nforce_limit_mn = 2000\nrate_hz = 150\n",
		"[zone crown skin atrophic session 2]\ndepth_min_um = 600\ndepth_max_um = 1500\ndepth_limit_um = 3000\n",
		"[zone nape]\ndepth_limit_um = 1000\ndepth_max_um = 900\n",
	};

	for (int backwards = 0; backwards < 2; backwards++) {
		_cleanup_(freep) Protocol *protocol = NULL;
		char text[2048];
		Error error = { 0 };
		int used = snprintf(text, sizeof text, "%s", GENERAL);
		const ZonePlan *plan;

		for (size_t i = 0; i < ELEMENTS(scopes); i++)
			used += snprintf(text + used, sizeof text - (size_t)used, "%s",
				scopes[backwards ? ELEMENTS(scopes) - 1 - i : i]);
		if (load(text, &protocol, &error) < 0)
			fail_msg("%s", error.text);
		for (uint32_t session = 1; session <= 2; session++) {
			plan = protocol_plan(protocol, session, ZONE_CROWN, SKIN_ATROPHIC);
			assert_int_equal(plan->depth_min_um, 300);
			assert_int_equal(plan->depth_max_um, 900);
			assert_int_equal(plan->depth_limit_um, 1300);
			assert_int_equal(plan->force_warn_mn, 600);
			assert_int_equal(plan->force_limit_mn, 1000);
			assert_int_equal(plan->rate_hz, 150);
		}
		plan = protocol_plan(protocol, 2, ZONE_CROWN, SKIN_NORMAL);
		assert_int_equal(plan->depth_max_um, 1300);
		assert_int_equal(plan->force_warn_mn, 700);
		assert_int_equal(plan->force_limit_mn, 1500);
		plan = protocol_plan(protocol, 1, ZONE_NAPE, SKIN_ATROPHIC);
		assert_int_equal(plan->depth_limit_um, 1000);
		assert_int_equal(plan->rate_hz, 100);
	}
}

typedef void (*Check)(const Protocol *protocol, uint32_t session, Zone zone, SkinType skin);

/** With every plan of every protocol that is shipped. */
static void each_shipped_plan(Check check)
{
	_cleanup_(ini_names_freep) char **names = NULL;
	int n = protocol_list(SHIPPED, &names);

	assert_true(n > 0);
	for (int i = 0; i < n; i++) {
		_cleanup_(freep) Protocol *protocol = NULL;
		Error error = { 0 };

		assert_int_equal(protocol_load(SHIPPED, names[i], &protocol, &error), 0);
		for (uint32_t session = 1; session <= protocol->sessions; session++)
			for (int zone = 0; zone < ZONE_MAX; zone++)
				for (int skin = 0; skin < SKIN_TYPE_MAX; skin++)
					check(protocol, session, (Zone)zone, (SkinType)skin);
	}
}

/** No zone and no session allows more than the skin, and no skin more than the zone. */
static void check_caution(const Protocol *protocol, uint32_t session, Zone zone, SkinType skin)
{
	static const struct {
		uint16_t max, limit, force;
	} skins[] = {
		[SKIN_NORMAL] = { 1500, 2000, 1500 },
		[SKIN_SCAR] = { 1200, 1700, 1500 },
		[SKIN_ATROPHIC] = { 900, 1300, 1000 },
		[SKIN_PLUG] = { 1500, 2000, 1500 },
	};
	const ZonePlan *plan = protocol_plan(protocol, session, zone, skin);

	assert_true(plan->depth_min_um < plan->depth_max_um);
	assert_true(plan->depth_max_um + PROTOCOL_DEPTH_MARGIN_UM <= plan->depth_limit_um);
	assert_true(plan->force_warn_mn <= plan->force_limit_mn);
	assert_true(plan->depth_max_um <= skins[skin].max);
	assert_true(plan->depth_limit_um <= skins[skin].limit);
	assert_true(plan->force_limit_mn <= skins[skin].force);
	if (zone == ZONE_FRONTAL_HAIRLINE && strcmp(protocol->name, "scalp-density") == 0)
		assert_true(plan->depth_max_um <= 1300);
}

static void test_every_plan_keeps_to_all_that_applies(void **state)
{
	each_shipped_plan(check_caution);
}

/** The simulated hand and skin for a few minutes, with the driver set to the middle of the window. */
static void test_the_most_specific_needles_win(void **state)
{
	_cleanup_(freep) Protocol *protocol = NULL;
	Error error = { 0 };

	if (load(GENERAL PLAN "[zone crown]\nneedles = 3RL 0.25 , 0801RL\n[skin scar]\nneedles = 1RL\n"
			      "[zone nape]\nneedles =\n[session 2]\nneedles = 3RS\n",
		    &protocol, &error) < 0)
		fail_msg("%s", error.text);
	assert_string_equal(protocol_plan(protocol, 1, ZONE_CROWN, SKIN_SCAR)->needles, "3RL 0.25 , 0801RL");
	assert_string_equal(protocol_plan(protocol, 2, ZONE_FRONTAL, SKIN_SCAR)->needles, "1RL");
	assert_string_equal(protocol_plan(protocol, 2, ZONE_FRONTAL, SKIN_NORMAL)->needles, "3RS");
	assert_string_equal(protocol_plan(protocol, 2, ZONE_NAPE, SKIN_NORMAL)->needles, "");
	assert_string_equal(protocol_plan(protocol, 1, ZONE_FRONTAL, SKIN_NORMAL)->needles, "");
}

static void check_needles(const Protocol *protocol, uint32_t session, Zone zone, SkinType skin)
{
	const ZonePlan *plan = protocol_plan(protocol, session, zone, skin);

	assert_true(needle_list_allows(plan->needles, "1RL 0.25"));
	assert_int_equal(needle_list_allows(plan->needles, "0803RL"), zone != ZONE_FRONTAL_HAIRLINE);
	assert_false(needle_list_allows(plan->needles, "7RS"));
}

static void test_shipped_protocols_take_a_single_needle_at_the_hairline(void **state)
{
	each_shipped_plan(check_needles);
}

static void check_simulated(const Protocol *protocol, uint32_t session, Zone zone, SkinType skin)
{
	const ZonePlan *plan = protocol_plan(protocol, session, zone, skin);
	SkinModel model;

	skin_model_init(&model, 1 + session);
	skin_model_move(&model, zone_to_string(zone), skin_type_to_string(skin));
	for (uint64_t now_us = 0; now_us < 300 * 1000000ull; now_us += 1000000 / plan->rate_hz) {
		SkinStroke stroke = skin_model_stroke(&model, now_us,
			(uint16_t)((plan->depth_min_um + plan->depth_max_um) / 2), plan->dwell_ms);

		assert_true(stroke.depth_um <= plan->depth_limit_um);
		assert_true(stroke.resistance_mn <= plan->force_limit_mn);
	}
}

static void test_no_plan_of_a_shipped_protocol_stops_a_steady_hand(void **state)
{
	each_shipped_plan(check_simulated);
}

static void test_errors(void **state)
{
	static const struct {
		const char *text, *error;
	} rows[] = {
		{ GENERAL "[default]\ndensity = 401\n", "p.conf:8: density: 401 is out of range: 1 to 400" },
		{ GENERAL "[default]\ndensity = 0x10\n",
			"p.conf:8: density: \"0x10\" is not a whole number" },
		{ GENERAL "[default]\ndensity = -5\n", "not a whole number" },
		{ GENERAL "[default]\ndensity =\n", "p.conf:8: density: \"\" is not a whole number" },
		{ GENERAL "[default]\nneedles = 1RL, 3\n", "p.conf:8: needles: \"3\" is no configuration" },
		{ GENERAL "[default]\nneedles = 1RL 3RL\n", "\"1RL 3RL\" is no configuration" },
		{ GENERAL "[default]\nneedles = 1RL,, 3RL\n", "\"\" is no configuration" },
		{ GENERAL
			"[default]\nneedles = 3RL 0.25 mm, 3RL 0.25 mm, 3RL 0.25 mm, 3RL 0.25 mm, 3RL 0.25 mm, 1RL\n",
			"p.conf:8: needles: a list of at most 63 bytes" },
		{ GENERAL "[default]\ndepth = 5\n", "p.conf:8: depth: unknown key in [default]" },
		{ GENERAL "[zone ear]\ndensity = 5\n", "there is no zone \"ear\"" },
		{ GENERAL "[skin bark]\ndensity = 5\n", "there is no skin type \"bark\"" },
		{ GENERAL "[session 5]\ndensity = 5\n", "session \"5\" is not 1 to 4" },
		{ GENERAL "[session 02]\ndensity = 5\n", "session \"02\" is not 1 to 4" },
		{ GENERAL "[skin scar zone crown]\ndensity = 5\n", "unknown section [skin scar zone crown]" },
		{ GENERAL "[zones]\ndensity = 5\n", "unknown section [zones]" },
		{ GENERAL "[zone crown extra]\ndensity = 5\n", "unknown section" },
		{ GENERAL "[default]\ndensity = 5\ndensity = 5\n",
			"p.conf:9: density: set twice in section [default]" },
		{ GENERAL, "p.conf: [zone frontal-hairline skin normal session 1] needs depth_min_um" },
		{ GENERAL PLAN "[zone crown]\ndepth_max_um = 400\n",
			"p.conf:17: [zone crown skin normal session 1] needs depth_min_um at least 1 below "
			"depth_max_um; the strictest that apply are 500 and 400" },
		{ GENERAL PLAN "[skin plug]\ndepth_limit_um = 1400\n",
			"p.conf:17: [zone frontal-hairline skin plug session 1] needs depth_max_um at least 100 "
			"below depth_limit_um; the strictest that apply are 1500 and 1400" },
		{ GENERAL PLAN "[zone nape]\ndensity = 5\n[zone crown]\ndepth_limit_um = 1599\n",
			"p.conf:19: [zone crown skin normal session 1] needs depth_max_um" },
		{ GENERAL PLAN "[session 2]\nforce_limit_mn = 800\n",
			"p.conf:17: [zone frontal-hairline skin normal session 2] needs force_warn_mn" },
		{ GENERAL PLAN "[zone crown session 2]\ndensity = 99\n",
			"p.conf:17: [zone crown skin normal session 1] has density 100, and [zone crown skin normal "
			"session 2] has 99: densities count all sessions" },
		{ GENERAL PLAN "[session 1]\ndensity = 40\n[skin atrophic]\ndensity = 50\n",
			"p.conf:19: [zone frontal-hairline skin atrophic session 1] has density 50, and [zone "
			"frontal-hairline skin normal session 1] has 40: no skin is treated more densely" },
		{ "[protocol]\nhealing_min_days = 0\n", "0 is out of range: 1 to 365 is allowed" },
		{ GENERAL PLAN "[screening]\nkeloids = perhaps\n",
			"none of \"refuses\", \"physician\" and \"notes\"" },
		{ GENERAL PLAN "[screening]\nwhat now = notes\n", "a question is named by" },
		{ GENERAL PLAN "[aftercare]\nsun =\n", "p.conf:17: sun: a sentence of 1 to 159 bytes" },
		{ GENERAL PLAN "[aftercare]\nin the sun = hat\n", "advice is named by" },
		{ GENERAL PLAN "[aftercare]\na=x\nb=x\nc=x\nd=x\ne=x\nf=x\ng=x\nh=x\ni=x\nj=x\nk=x\n",
			"p.conf:27: k: more than 10 pieces" },
		{ "[protocol]\nsessions = 5\n", "5 is out of range: 1 to 4 is allowed" },
		{ "[protocol]\nsession = 5\n", "p.conf:2: session: unknown key in [protocol]" },
		{ "[protocol]\ninterval_min_days = 7, x\n", "not a list of days" },
		{ "[protocol]\ninterval_min_days = 7, 400\n", "not a list of days" },
		{ "[protocol]\ninterval_min_days = 7, 7, 7, 7\n", "more than 3 intervals" },
		{ "[protocol]\ntitle = T\nsessions = 3\ninterval_min_days = 7\n",
			"lists 1, but 3 sessions have 2" },
		{ "[protocol]\ntitle =\n", "a title of 1 to 95 bytes" },
		{ "", "p.conf: [protocol] title is missing" },
		{ "density = 3\n", "p.conf:1: density: stands before the first [section]" },
		{ "[protocol]\ntitle\n", "p.conf:2: neither" },
		{ "[protocol\ntitle = T\n", "p.conf:1: neither" },
		{ "[protocol]\n = T\n", "p.conf:2: the name before '=' is missing" },
		{ "[protocol]\n\ntitle = \xff\n", "p.conf:3: the line is not plain UTF-8" },
		{ "[protocol]\ntitle = \x01\n", "p.conf:2: the line is not plain UTF-8" },
	};
	Protocol *protocol = NULL;

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		Error error = { 0 };

		assert_int_equal(load(rows[i].text, &protocol, &error), -EINVAL);
		assert_null(protocol);
		if (!strstr(error.text, rows[i].error))
			fail_msg("expected \"%s\", not \"%s\"", rows[i].error, error.text);
	}
}

static void test_harmless_forms(void **state)
{
	_cleanup_(freep) Protocol *protocol = NULL;
	Error error = { 0 };

	/* Indented lines are entries of their own, not continuations; CRLF; comment after a value. */
	if (load("\xef\xbb\xbf" GENERAL PLAN "[zone crown]\r\n\tdensity\t=\t90 ; dense\r\n  rate_hz = 100",
		    &protocol, &error) < 0)
		fail_msg("%s", error.text);
	assert_int_equal(density(protocol, 1, ZONE_CROWN, SKIN_NORMAL), 90);
	assert_int_equal(protocol_plan(protocol, 1, ZONE_CROWN, SKIN_NORMAL)->rate_hz, 100);
}

static void test_long_lines_and_nul(void **state)
{
	char text[400] = "[protocol]\ntitle = ";
	Error error = { 0 };
	Protocol *protocol = NULL;

	memset(text + strlen(text), 'x', 300);
	assert_int_equal(load(text, &protocol, &error), -EINVAL);
	assert_non_null(strstr(error.text, "p.conf:2: the line is longer than"));
	assert_int_equal(file_write_atomic(folder, "p.conf", "[protocol]\ntit\0le = x\n", 22), 0);
	assert_int_equal(protocol_load(folder, "p", &protocol, &error), -EINVAL);
	assert_non_null(strstr(error.text, "p.conf:2: the line holds a NUL byte"));
}

static void test_names_that_are_no_file(void **state)
{
	_cleanup_(ini_names_freep) char **names = NULL;
	Error error = { 0 };
	Protocol *protocol = NULL;

	assert_int_equal(protocol_load(folder, "nothing", &protocol, &error), -ENOENT);
	assert_non_null(strstr(error.text, "nothing.conf: cannot be read: No such file"));
	assert_int_equal(protocol_load(folder, "../p", &protocol, &error), -EINVAL);
	assert_int_equal(protocol_load(folder, "", &protocol, &error), -EINVAL);
	assert_int_equal(protocol_list("/nowhere/at/all", &names), -ENOENT);
}

static int make_folder(void **state)
{
	return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
	_cleanup_(freep) char *path = NULL;

	if (asprintf(&path, "%s/p.conf", folder) < 0)
		return -1;
	unlink(path);
	return rmdir(folder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_round_trip),
		cmocka_unit_test(test_shipped_protocols),
		cmocka_unit_test(test_scalp_density),
		cmocka_unit_test(test_most_specific_wins),
		cmocka_unit_test(test_the_strictest_figure_wins),
		cmocka_unit_test(test_every_plan_keeps_to_all_that_applies),
		cmocka_unit_test(test_no_plan_of_a_shipped_protocol_stops_a_steady_hand),
		cmocka_unit_test(test_the_most_specific_needles_win),
		cmocka_unit_test(test_shipped_protocols_take_a_single_needle_at_the_hairline),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_harmless_forms),
		cmocka_unit_test(test_long_lines_and_nul),
		cmocka_unit_test(test_names_that_are_no_file),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
