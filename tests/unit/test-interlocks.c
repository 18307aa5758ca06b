/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Each interlock refuses arming alone, and together with all others in their order, with a sentence that says
 * why; only some can be set aside.
 */

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "decide/client-card.h"
#include "decide/interlocks.h"
#include "stipple/board-frame.h"
#include "util/clock.h"

#define NOW (20000 * USEC_PER_DAY + 36000 * USEC_PER_SEC)

static const ProfileClient client_asks = {
	.registration = true, .name = true, .minimum_age = 18, .minor_from = 16
};

static const InterlockFacts all_well = {
	.operator_signed_in = true,
	.session_open = true,
	.client_asks = &client_asks,
	.client = "P-1",
	.client_registered = true,
	.client_age = 18,
	.consent_treatment = true,
	.screening_done = true,
	.zone = "crown",
	.needle_mounted = true,
	.needle_claimed = true,
	.needle_strokes = 9999,
	.life_strokes = 10000,
	.needle_worked_s = 3599,
	.life_s = 3600,
	.handpiece_required = true,
	.handpiece = "H1",
	.pigment_loaded = true,
	.pigment_expiry_utc_us = NOW,
	.before_photo = true,
	.last_dots_utc_us = NOW - 7 * USEC_PER_DAY + 3600 * USEC_PER_SEC, /* later in its day */
	.healing_days = 7,
	.session_elapsed_s = 18000,
	.session_max_s = 18000,
	.board_connected = true,
	.self_test_done = true,
	.ledger_healthy = true,
	.disk_free_bytes = 500 << 20,
	.disk_min_bytes = 500 << 20,
	.now_utc_us = NOW,
	.newest_utc_us = NOW,
};

static void no_operator(InterlockFacts *f)
{
	f->operator_signed_in = false;
}
static void lapsed(InterlockFacts *f)
{
	f->lapsed_certificate = "bloodborne pathogens";
}
static void not_certified(InterlockFacts *f)
{
	f->missing_certificate = "bloodborne pathogens";
}
static void otherwise_certified(InterlockFacts *f)
{
	not_certified(f);
	f->other_certificate = "first aid";
}
static void no_session(InterlockFacts *f)
{
	f->session_open = false;
}
static void not_registered(InterlockFacts *f)
{
	f->client_registered = false;
}
static void nameless(InterlockFacts *f)
{
	f->client_lacks = "the name";
}
static void ageless(InterlockFacts *f)
{
	f->client_age = CLIENT_AGE_UNKNOWN;
}
static void minor_without_form(InterlockFacts *f)
{
	f->client_age = 17;
}
static void child(InterlockFacts *f)
{
	f->client_age = 15;
	f->guardian_form = true;
}
static void minor_of_california(InterlockFacts *f)
{
	static const ProfileClient never = { .minimum_age = 18 };

	f->client_asks = &never;
	f->client_age = 17;
	f->guardian_form = true;
}
static void waits(InterlockFacts *f)
{
	static const SessionRecovery recovery = { .waits = true, .since_us = NOW };

	f->recovery = &recovery;
}
static void waits_lacking(InterlockFacts *f)
{
	static const SessionRecovery recovery = { .waits = true, .since_us = NOW, .lacking_ms = 2000 };

	f->recovery = &recovery;
}
static void no_consent(InterlockFacts *f)
{
	f->consent_treatment = false;
}
static void needles_unsigned(InterlockFacts *f)
{
	f->needles_unsigned = true;
}
static void no_screening(InterlockFacts *f)
{
	f->screening_done = false;
}
static void screening_refused(InterlockFacts *f)
{
	snprintf(f->screening_refused, sizeof f->screening_refused, "keloids, herpes");
}
static void screening_noteless(InterlockFacts *f)
{
	snprintf(f->screening_noteless, sizeof f->screening_noteless, "diabetes");
}
static void unanswered(InterlockFacts *f)
{
	f->unanswered = "latex-allergy";
}
static void no_zone(InterlockFacts *f)
{
	f->zone = NULL;
}
static void no_needle(InterlockFacts *f)
{
	f->needle_mounted = false;
}
static void no_claim(InterlockFacts *f)
{
	f->needle_claimed = false;
}
static void lot_recalled(InterlockFacts *f)
{
	f->needle_lot = "L1";
	f->needle_lot_status = "recalled";
}
static void wrong_needles(InterlockFacts *f)
{
	f->needle_configuration = "3RL 0.25";
	f->needles_allowed = "1RL, 1RS";
}
static void wrong_diameter(InterlockFacts *f)
{
	f->needle_configuration = "0803RL";
	f->needles_allowed = "3RL 0.30";
}
static void worn_by_strokes(InterlockFacts *f)
{
	f->needle_strokes = f->life_strokes;
}
static void worn_by_time(InterlockFacts *f)
{
	f->needle_worked_s = f->life_s;
}
static void no_handpiece(InterlockFacts *f)
{
	f->handpiece = NULL;
}
static void handpiece_blocked(InterlockFacts *f)
{
	f->handpiece = "H1";
	f->handpiece_blocked = "spore test failed";
}
static void pigment_recalled(InterlockFacts *f)
{
	f->pigment_status = "recalled";
}
static void test_overdue(InterlockFacts *f)
{
	f->untested_sterilizer = "A";
	f->test_due = "2026-03-01";
}
static void leak_test_overdue(InterlockFacts *f)
{
	test_overdue(f);
	f->untested = UNTESTED_LEAK;
}
static void leak_failed(InterlockFacts *f)
{
	test_overdue(f);
	f->untested = UNTESTED_LEAK_FAILED;
}

static void penetration_untested(InterlockFacts *f)
{
	test_overdue(f);
	f->untested = UNTESTED_PENETRATION;
}
static void no_pigment(InterlockFacts *f)
{
	f->pigment_loaded = false;
}
static void old_pigment(InterlockFacts *f)
{
	f->pigment_expiry_utc_us = NOW - 1;
}
static void no_photo(InterlockFacts *f)
{
	f->before_photo = false;
}
static void numbing(InterlockFacts *f)
{
	f->anaesthetic_left_s = 1;
}
static void numbing_longer(InterlockFacts *f)
{
	f->anaesthetic_left_s = 1801;
}
static void patch_waits(InterlockFacts *f)
{
	f->wait_until_utc_us = NOW + 1;
}
static void too_soon(InterlockFacts *f)
{
	f->last_dots_utc_us = NOW - 6 * USEC_PER_DAY;
}
static void too_long(InterlockFacts *f)
{
	f->session_elapsed_s++;
}
static void no_board(InterlockFacts *f)
{
	f->board_connected = false;
}
static void no_self_test(InterlockFacts *f)
{
	f->self_test_done = false;
}
static void self_test_failed(InterlockFacts *f)
{
	f->self_test_failed = SELF_TEST_MOTOR | SELF_TEST_MEMORY;
}
static void self_test_unknown(InterlockFacts *f)
{
	f->self_test_failed = 0x100;
}
static void stopped(InterlockFacts *f)
{
	f->emergency_stop = true;
}
static void pedal(InterlockFacts *f)
{
	f->pedal_down = true;
}
static void fault(InterlockFacts *f)
{
	f->fault_latched = true;
}
static void ledger(InterlockFacts *f)
{
	f->ledger_healthy = false;
}
static void disk(InterlockFacts *f)
{
	f->disk_free_bytes--;
}
static void clock_behind(InterlockFacts *f)
{
	f->newest_utc_us++;
	f->pigment_expiry_utc_us++;
}
static void configuration(InterlockFacts *f)
{
	f->configuration_error = "stippled.conf:3: bus: unknown key";
}

static const struct {
	Interlock interlock;
	void (*change)(InterlockFacts *facts);
	const char *says;
} rows[] = {
	{ INTERLOCK_OPERATOR, no_operator, "nobody is signed in" },
	{ INTERLOCK_CERTIFICATION, lapsed, "bloodborne pathogens" },
	{ INTERLOCK_CERTIFICATION, not_certified,
		"no certificate \"bloodborne pathogens\" on record, which the profile asks for: record it" },
	{ INTERLOCK_CERTIFICATION, otherwise_certified, "(\"first aid\" is another)" },
	{ INTERLOCK_SUBJECT, no_session, "no session is open" },
	{ INTERLOCK_AGE, minor_of_california,
		"17 years old, and the profile lets nobody under 18 be treated: abandon" },
	{ INTERLOCK_REGISTRATION, not_registered,
		"client P-1 is not registered, which the profile asks for:" },
	{ INTERLOCK_REGISTRATION, nameless, "the card of client P-1 lacks the name, which" },
	{ INTERLOCK_AGE, ageless, "at least 18 years: enter it on the client's card" },
	{ INTERLOCK_AGE, child, "15 years old, and the profile lets nobody under 16 be treated" },
	{ INTERLOCK_AGE, minor_without_form, "under 18 the profile asks for the guardian's notarised form:" },
	{ INTERLOCK_RECOVERY, waits,
		"the station stopped in this session after 2024-10-04T10:00:00Z: check" },
	{ INTERLOCK_RECOVERY, waits_lacking, "strokes of up to 2.0 s are not on record" },
	{ INTERLOCK_CONSENT, no_consent, "consent" },
	{ INTERLOCK_NEEDLES_SEALED, needles_unsigned, "has not signed that the needles were sealed" },
	{ INTERLOCK_SCREENING, no_screening, "not complete" },
	{ INTERLOCK_SCREENING, screening_refused, "keloids, herpes" },
	{ INTERLOCK_SCREENING, screening_noteless, "physician's note (diabetes)" },
	{ INTERLOCK_SCREENING, unanswered, "\"latex-allergy\" was not answered" },
	{ INTERLOCK_ZONE, no_zone, "no zone is chosen" },
	{ INTERLOCK_NEEDLE, no_needle, "no cartridge is mounted" },
	{ INTERLOCK_NEEDLE, no_claim, "not yet recorded as used" },
	{ INTERLOCK_NEEDLE_LOT, lot_recalled, "lot L1 of the mounted cartridge is recalled:" },
	{ INTERLOCK_NEEDLE_CONFIGURATION, wrong_needles,
		"has needles 3RL 0.25, and in the zone crown the protocol allows 1RL, 1RS: remove it" },
	{ INTERLOCK_NEEDLE_CONFIGURATION, wrong_diameter, "has needles 0803RL" },
	{ INTERLOCK_NEEDLE_LIFE, worn_by_strokes, "10000 of at most 10000 strokes" },
	{ INTERLOCK_NEEDLE_LIFE, worn_by_time, "60 of at most 60 minutes" },
	{ INTERLOCK_HANDPIECE, no_handpiece, "which handpiece" },
	{ INTERLOCK_HANDPIECE, handpiece_blocked, "handpiece H1 is blocked (spore test failed)" },
	{ INTERLOCK_PIGMENT, pigment_recalled, "of the pigment is recalled:" },
	{ INTERLOCK_STERILIZATION, test_overdue, "steriliser \"A\" was due on 2026-03-01" },
	{ INTERLOCK_STERILIZATION, leak_test_overdue,
		"vacuum leak test of steriliser \"A\" was due on 2026-03-01" },
	{ INTERLOCK_STERILIZATION, leak_failed,
		"vacuum leak test of steriliser \"A\" failed on 2026-03-01: have" },
	{ INTERLOCK_STERILIZATION, penetration_untested,
		"no steam penetration test passed before handpiece" },
	{ INTERLOCK_PIGMENT, no_pigment, "no pigment is loaded" },
	{ INTERLOCK_PIGMENT, old_pigment, "expired on 2024-10-04" },
	{ INTERLOCK_ANAESTHETIC_WAIT, numbing, "crown needs 1 more minutes" },
	{ INTERLOCK_ANAESTHETIC_WAIT, numbing_longer, "crown needs 31 more minutes" },
	{ INTERLOCK_BEFORE_PHOTO, no_photo, "crown" },
	{ INTERLOCK_INTERVAL, patch_waits, "sample patch" },
	{ INTERLOCK_INTERVAL, too_soon, "treat it from 2024-10-05 on" },
	{ INTERLOCK_SESSION_LENGTH, too_long, "300 of at most 300 minutes" },
	{ INTERLOCK_BOARD, no_board, "not connected" },
	{ INTERLOCK_BOARD, no_self_test, "run the self-test" },
	{ INTERLOCK_BOARD, self_test_failed, "(motor, memory)" },
	{ INTERLOCK_BOARD, self_test_unknown, "(part 0x100)" },
	{ INTERLOCK_EMERGENCY_STOP, stopped,
		"the emergency stop is pressed: release it and acknowledge the fault" },
	{ INTERLOCK_PEDAL, pedal, "held down" },
	{ INTERLOCK_FAULT, fault, "latched" },
	{ INTERLOCK_LEDGER, ledger, "cannot record" },
	{ INTERLOCK_DISK, disk, "499 MB free and 500 MB" },
	{ INTERLOCK_CLOCK, clock_behind, "before the newest record" },
	{ INTERLOCK_CONFIGURATION, configuration, "stippled.conf:3: bus: unknown key" },
};

static void test_none(void **state)
{
	Refusal refusals[INTERLOCK_MAX];

	assert_int_equal(interlocks_check(&all_well, refusals), 0);
}

static void test_each_alone(void **state)
{
	Refusal refusals[INTERLOCK_MAX];

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		InterlockFacts facts = all_well;

		rows[i].change(&facts);
		if (interlocks_check(&facts, refusals) != 1 || refusals[0].interlock != rows[i].interlock)
			fail_msg("%s: not the one refusal", interlock_to_string(rows[i].interlock));
		if (!strstr(refusals[0].text, rows[i].says) || !strchr(refusals[0].text, ':'))
			fail_msg("%s: \"%s\"", interlock_to_string(rows[i].interlock), refusals[0].text);
	}
}

static void test_all_at_once_in_order(void **state)
{
	InterlockFacts facts = all_well;
	Refusal refusals[INTERLOCK_MAX];

	for (size_t i = 0; i < ELEMENTS(rows); i++)
		rows[i].change(&facts);
	assert_int_equal(interlocks_check(&facts, refusals), INTERLOCK_MAX);
	for (int i = 0; i < INTERLOCK_MAX; i++)
		assert_int_equal(refusals[i].interlock, i);
}

static void test_every_interlock_has_a_row(void **state)
{
	bool seen[INTERLOCK_MAX] = { 0 };

	for (size_t i = 0; i < ELEMENTS(rows); i++)
		seen[rows[i].interlock] = true;
	for (int i = 0; i < INTERLOCK_MAX; i++)
		assert_true(seen[i]);
}

static void test_needles_that_suit_or_are_unknown_may_work(void **state)
{
	static const struct {
		const char *mounted, *allowed;
	} suited[] = {
		{ NULL, "1RL" },
		{ "7RS", NULL },
		{ "1RL 0.25", "1RL, 3RL" },
		{ "0803RL", "1RL, 3RL 0.25" },
		{ "3RL", "3RL 0.30" },
		{ "1rl", "3RL,1RL" },
	};
	Refusal refusals[INTERLOCK_MAX];

	for (size_t i = 0; i < ELEMENTS(suited); i++) {
		InterlockFacts facts = all_well;

		facts.needle_configuration = suited[i].mounted;
		facts.needles_allowed = suited[i].allowed;
		assert_int_equal(interlocks_check(&facts, refusals), 0);
	}
}

static void test_a_minor_with_the_form_may_be_treated(void **state)
{
	InterlockFacts facts = all_well;
	Refusal refusals[INTERLOCK_MAX];

	facts.client_age = 16;
	facts.guardian_form = true;
	assert_int_equal(interlocks_check(&facts, refusals), 0);
}

static void test_a_profile_that_asks_nothing(void **state)
{
	static const ProfileClient nothing;
	InterlockFacts facts = all_well;
	Refusal refusals[INTERLOCK_MAX];

	facts.client_asks = &nothing;
	facts.client_registered = false;
	facts.client_age = CLIENT_AGE_UNKNOWN;
	assert_int_equal(interlocks_check(&facts, refusals), 0);
}

/** 2024-10-04 at ten in the morning. */
static void test_ages(void **state)
{
	static const struct {
		const char *card;
		int age;
	} cards[] = {
		{ "{\"card\":{\"birth_date\":\"2006-10-04\"}}", 18 },
		{ "{\"card\":{\"birth_date\":\"2006-10-05\"}}", 17 },
		{ "{\"card\":{\"birth_date\":\"2004-02-29\"}}", 20 },
		{ "{\"card\":{\"born\":2005}}", 18 },
		{ "{\"card\":{\"born\":2006}}", 17 },
		{ "{\"card\":{\"born\":1990,\"birth_date\":\"2006-10-04\"}}", 18 },
		{ "{\"card\":{\"birth_date\":\"2006-13-40\"}}", CLIENT_AGE_UNKNOWN },
		{ "{\"card\":{\"birth_date\":\"2031-01-01\"}}", CLIENT_AGE_UNKNOWN },
		{ "{\"card\":{}}", CLIENT_AGE_UNKNOWN },
		{ "{}", CLIENT_AGE_UNKNOWN },
	};

	for (size_t i = 0; i < ELEMENTS(cards); i++) {
		json_auto_t *row = json_loads(cards[i].card, 0, NULL);

		assert_int_equal(client_age(row, NOW), cards[i].age);
	}
}

static void test_an_expired_pigment_stays_expired_when_the_clock_is_set_back(void **state)
{
	InterlockFacts facts = all_well;
	Refusal refusals[INTERLOCK_MAX];

	facts.newest_utc_us = NOW + 1;
	assert_int_equal(interlocks_check(&facts, refusals), 2);
	assert_int_equal(refusals[0].interlock, INTERLOCK_PIGMENT);
	assert_int_equal(refusals[1].interlock, INTERLOCK_CLOCK);
}

static void test_what_is_not_limited_is_not_worn(void **state)
{
	InterlockFacts facts = all_well;
	Refusal refusals[INTERLOCK_MAX];

	facts.life_strokes = 0;
	facts.life_s = 0;
	facts.needle_strokes = 1000000000;
	facts.needle_worked_s = 1000000;
	facts.handpiece_required = false;
	facts.handpiece = NULL;
	assert_int_equal(interlocks_check(&facts, refusals), 0);
}

static void test_only_some_can_be_set_aside(void **state)
{
	static const Interlock some[] = { INTERLOCK_BEFORE_PHOTO, INTERLOCK_INTERVAL,
		INTERLOCK_SESSION_LENGTH };
	size_t overridable = 0;

	for (size_t i = 0; i < ELEMENTS(rows); i++) {
		InterlockFacts facts = all_well;
		Refusal refusals[INTERLOCK_MAX];

		facts.overridden = ~0u;
		rows[i].change(&facts);
		assert_int_equal(
			interlocks_check(&facts, refusals), !interlock_is_overridable(rows[i].interlock));
		facts.overridden = ~INTERLOCK_BIT(rows[i].interlock);
		assert_int_equal(interlocks_check(&facts, refusals), 1);
	}
	for (int i = 0; i < INTERLOCK_MAX; i++)
		overridable += interlock_is_overridable((Interlock)i);
	assert_int_equal(overridable, ELEMENTS(some));
	for (size_t i = 0; i < ELEMENTS(some); i++)
		assert_true(interlock_is_overridable(some[i]));
	assert_false(interlock_is_overridable(INTERLOCK_MAX));
	assert_false(interlock_is_overridable(INTERLOCK_INVALID));
}

static void test_a_long_reason_is_cut_short(void **state)
{
	InterlockFacts facts = all_well;
	Refusal refusals[INTERLOCK_MAX];
	char reason[1000];

	memset(reason, 'x', sizeof reason);
	reason[sizeof reason - 1] = '\0';
	facts.configuration_error = reason;
	assert_int_equal(interlocks_check(&facts, refusals), 1);
	assert_non_null(strstr(refusals[0].text, "mend it"));
}

static void test_names(void **state)
{
	for (int i = 0; i < INTERLOCK_MAX; i++) {
		const char *error = interlock_error_name((Interlock)i);

		assert_int_equal(interlock_from_string(interlock_to_string((Interlock)i)), i);
		assert_int_equal(strncmp(error, "org.stipple.Error.", 18), 0);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(error, interlock_error_name((Interlock)j));
	}
	assert_null(interlock_to_string(INTERLOCK_MAX));
	assert_null(interlock_error_name(INTERLOCK_MAX));
	assert_null(interlock_error_name(INTERLOCK_INVALID));
	assert_int_equal(interlock_from_string("gravity"), INTERLOCK_INVALID);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_none),
		cmocka_unit_test(test_each_alone),
		cmocka_unit_test(test_all_at_once_in_order),
		cmocka_unit_test(test_every_interlock_has_a_row),
		cmocka_unit_test(test_needles_that_suit_or_are_unknown_may_work),
		cmocka_unit_test(test_a_minor_with_the_form_may_be_treated),
		cmocka_unit_test(test_a_profile_that_asks_nothing),
		cmocka_unit_test(test_ages),
		cmocka_unit_test(test_an_expired_pigment_stays_expired_when_the_clock_is_set_back),
		cmocka_unit_test(test_what_is_not_limited_is_not_worn),
		cmocka_unit_test(test_only_some_can_be_set_aside),
		cmocka_unit_test(test_a_long_reason_is_cut_short),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
