/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Every interlock: its check, its sentence and its D-Bus error. A check uses only the facts that it is given:
 * no clock, no station, no I/O. An interlock that nobody may override must ignore overrides.
 */

#include "decide/interlocks.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>

#include "config/needle-list.h"
#include "decide/healing.h"
#include "stipple/board-frame.h"
#include "util/clock.h"

/** Writes the sentence and returns true, so that a check can end with it. */
static _printf_(2, 3) bool refuse_arming(char *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, REFUSAL_TEXT_MAX, format, arguments);
	va_end(arguments);
	return true;
}

static bool refuses_operator(const InterlockFacts *facts, char *text)
{
	return !facts->operator_signed_in &&
	       refuse_arming(text, "nobody is signed in: sign in with badge and PIN");
}

static bool refuses_certification(const InterlockFacts *facts, char *text)
{
	if (facts->lapsed_certificate)
		return refuse_arming(text,
			"the operator's certificate \"%.100s\" has lapsed: record the renewed one",
			facts->lapsed_certificate);
	if (facts->missing_certificate && facts->other_certificate)
		return refuse_arming(text,
			"the operator has no certificate \"%.63s\" on record, which the profile asks for (\"%.63s\" is "
			"another): record it",
			facts->missing_certificate, facts->other_certificate);
	return facts->missing_certificate &&
	       refuse_arming(text,
		       "the operator has no certificate \"%.63s\" on record, which the profile asks for: record it",
		       facts->missing_certificate);
}

static bool refuses_subject(const InterlockFacts *facts, char *text)
{
	return !facts->session_open &&
	       refuse_arming(text, "no session is open: begin one for the person in the chair");
}

static bool refuses_registration(const InterlockFacts *facts, char *text)
{
	if (!facts->client || !facts->client_asks)
		return false;
	if (facts->client_asks->registration && !facts->client_registered)
		return refuse_arming(text,
			"client %.48s is not registered, which the profile asks for: register the client",
			facts->client);
	return facts->client_lacks &&
	       refuse_arming(text, "the card of client %.48s lacks %s, which the profile asks for: enter it",
		       facts->client, facts->client_lacks);
}

static bool refuses_age(const InterlockFacts *facts, char *text)
{
	uint32_t least = facts->client_asks ? facts->client_asks->minimum_age : 0;
	uint32_t from = facts->client_asks ? facts->client_asks->minor_from : 0;

	if (!facts->client || facts->client_age >= (int)least)
		return false;
	if (facts->client_age < 0)
		return least > 0 &&
		       refuse_arming(text,
			       "the date of birth is not on record, and the profile asks for at least %" PRIu32
			       " years: enter it on the client's card",
			       least);
	if (from == 0 || facts->client_age < (int)from)
		return refuse_arming(text,
			"the client is %d years old, and the profile lets nobody under %" PRIu32
			" be treated: abandon the session",
			facts->client_age, from ? from : least);
	return !facts->guardian_form &&
	       refuse_arming(text,
		       "the client is %d years old, and under %" PRIu32
		       " the profile asks for the guardian's notarised form: enter its day on the client's card",
		       facts->client_age, least);
}

static bool refuses_recovery(const InterlockFacts *facts, char *text)
{
	const SessionRecovery *recovery = facts->recovery;
	char since[CLOCK_UTC_TEXT_MAX], lacking[64] = "";

	if (!recovery || !recovery->waits)
		return false;
	clock_format_utc(recovery->since_us, since);
	if (recovery->lacking_ms)
		snprintf(lacking, sizeof lacking, ", and strokes of up to %u.%u s are not on record",
			recovery->lacking_ms / 1000, recovery->lacking_ms % 1000 / 100);
	return refuse_arming(text,
		"the station stopped in this session after %.19sZ%s: check the cartridge, then resume the session",
		since, lacking);
}

static bool refuses_consent(const InterlockFacts *facts, char *text)
{
	return !facts->consent_treatment &&
	       refuse_arming(text,
		       "the consent to the treatment is missing or withdrawn: record the person's consent");
}

static bool refuses_needles_sealed(const InterlockFacts *facts, char *text)
{
	return facts->needles_unsigned &&
	       refuse_arming(text,
		       "the client has not signed that the needles were sealed and opened in the client's "
		       "presence, which the profile asks for: show them, and let the client sign");
}

static bool refuses_screening(const InterlockFacts *facts, char *text)
{
	if (facts->screening_refused[0])
		return refuse_arming(text,
			"the screening answers rule the treatment out (%s): abandon the session, or let a supervisor "
			"change a wrong answer",
			facts->screening_refused);
	if (facts->screening_noteless[0])
		return refuse_arming(text,
			"the screening answers need a physician's note (%s): enter the note, or abandon the session",
			facts->screening_noteless);
	if (!facts->screening_done)
		return refuse_arming(
			text, "the screening is not complete: answer every question of protocol and profile");
	return facts->unanswered &&
	       refuse_arming(text, "the screening is not complete: the question \"%s\" was not answered",
		       facts->unanswered);
}

static bool refuses_zone(const InterlockFacts *facts, char *text)
{
	return !facts->zone && refuse_arming(text, "no zone is chosen: choose the zone to be treated");
}

static bool refuses_needle(const InterlockFacts *facts, char *text)
{
	if (!facts->needle_mounted)
		return refuse_arming(
			text, "no cartridge is mounted: scan the code of a new one and mount it");
	return !facts->needle_claimed &&
	       refuse_arming(text,
		       "the cartridge is not yet recorded as used: wait for the record, or mount it again");
}

static bool refuses_needle_lot(const InterlockFacts *facts, char *text)
{
	return facts->needle_lot_status &&
	       refuse_arming(text,
		       "lot %.32s of the mounted cartridge is %s: remove it and mount one of another lot",
		       facts->needle_lot, facts->needle_lot_status);
}

/** A configuration that is not on record refuses nothing: lots of before have none. */
static bool refuses_needle_configuration(const InterlockFacts *facts, char *text)
{
	if (!facts->needle_configuration || !facts->needles_allowed ||
		needle_list_allows(facts->needles_allowed, facts->needle_configuration))
		return false;
	return refuse_arming(text,
		"the mounted cartridge has needles %.39s, and in the zone %s the protocol allows %.63s: remove it and "
		"mount one of these, or treat another zone",
		facts->needle_configuration, facts->zone ? facts->zone : "", facts->needles_allowed);
}

static bool refuses_needle_life(const InterlockFacts *facts, char *text)
{
	if (facts->life_strokes && facts->needle_strokes >= facts->life_strokes)
		return refuse_arming(text,
			"the cartridge has done %" PRIu64 " of at most %" PRIu64
			" strokes: remove it and mount a new one",
			facts->needle_strokes, facts->life_strokes);
	return facts->life_s && facts->needle_worked_s >= facts->life_s &&
	       refuse_arming(text,
		       "the cartridge has worked %" PRId64 " of at most %" PRId64
		       " minutes: remove it and mount a new one",
		       facts->needle_worked_s / 60, facts->life_s / 60);
}

static bool refuses_handpiece(const InterlockFacts *facts, char *text)
{
	if (facts->handpiece && facts->handpiece_blocked)
		return refuse_arming(text, "handpiece %.48s is blocked (%.100s): mount another sterile one",
			facts->handpiece, facts->handpiece_blocked);
	return facts->handpiece_required && !facts->handpiece &&
	       refuse_arming(text,
		       "it is not on record which handpiece is used: enter the sterile one that is mounted");
}

/** Only of what was sterilised: single-use work needs no steriliser. */
static bool refuses_sterilization(const InterlockFacts *facts, char *text)
{
	if (!facts->handpiece || !facts->untested_sterilizer)
		return false;
	if (facts->untested == UNTESTED_PENETRATION)
		return refuse_arming(text,
			"no steam penetration test passed before handpiece %.48s was sterilised in \"%.64s\" on "
			"%.10s: mount another sterile one",
			facts->handpiece, facts->untested_sterilizer, facts->test_due);
	if (facts->untested == UNTESTED_LEAK_FAILED)
		return refuse_arming(text,
			"the vacuum leak test of steriliser \"%.64s\" failed on %.10s: have it repaired, test it again and "
			"record the result, or mount a handpiece from another",
			facts->untested_sterilizer, facts->test_due);
	return refuse_arming(text,
		facts->untested == UNTESTED_LEAK
			? "the vacuum leak test of steriliser \"%.64s\" was due on %.10s: run it and record its result, or "
			  "mount a handpiece from another"
			: "the biological test of steriliser \"%.64s\" was due on %.10s: run it and record its result, or "
			  "mount a handpiece from another",
		facts->untested_sterilizer, facts->test_due);
}

static bool refuses_pigment(const InterlockFacts *facts, char *text)
{
	/* A clock that was set back must not make an expired lot valid again. */
	int64_t now = facts->now_utc_us > facts->newest_utc_us ? facts->now_utc_us : facts->newest_utc_us;
	char expiry[CLOCK_UTC_TEXT_MAX];

	if (!facts->pigment_loaded)
		return refuse_arming(text, "no pigment is loaded: scan or type its lot");
	if (facts->pigment_status)
		return refuse_arming(
			text, "the lot of the pigment is %s: load another one", facts->pigment_status);
	if (facts->pigment_expiry_utc_us == 0 || now <= facts->pigment_expiry_utc_us)
		return false;
	clock_format_utc(facts->pigment_expiry_utc_us, expiry);
	return refuse_arming(text, "the pigment expired on %.10s: load one that has not", expiry);
}

static bool refuses_anaesthetic_wait(const InterlockFacts *facts, char *text)
{
	return facts->anaesthetic_left_s > 0 &&
	       refuse_arming(text,
		       "the anaesthetic in the zone %s needs %" PRId64
		       " more minutes: wait, or treat another zone",
		       facts->zone ? facts->zone : "", (facts->anaesthetic_left_s + 59) / 60);
}

static bool refuses_before_photo(const InterlockFacts *facts, char *text)
{
	return !facts->before_photo &&
	       refuse_arming(text, "the zone %s has no photograph from before the treatment: take one",
		       facts->zone ? facts->zone : "to be treated");
}

static bool refuses_interval(const InterlockFacts *facts, char *text)
{
	char last[CLOCK_UTC_TEXT_MAX], earliest[CLOCK_UTC_TEXT_MAX];
	uint32_t left = healing_days_left(facts->last_dots_utc_us, facts->healing_days, facts->now_utc_us);

	if (facts->now_utc_us < facts->wait_until_utc_us) {
		clock_format_utc(facts->wait_until_utc_us + USEC_PER_SEC, earliest);
		return refuse_arming(text,
			"the sample patch of this client must be waited for: treat from %.10s on", earliest);
	}
	if (left == 0)
		return false;
	clock_format_utc(facts->last_dots_utc_us, last);
	clock_format_utc(healing_earliest_us(facts->last_dots_utc_us, facts->healing_days), earliest);
	return refuse_arming(text,
		"the last dots in this zone (%s) were made on %.10s and the skin needs %" PRIu32
		" days to heal: treat it from %.10s on, or another zone",
		facts->zone ? facts->zone : "", last, facts->healing_days, earliest);
}

static bool refuses_session_length(const InterlockFacts *facts, char *text)
{
	if (facts->session_elapsed_s <= facts->session_max_s)
		return false;
	return refuse_arming(text,
		"the session has lasted %" PRId64 " of at most %" PRId64
		" minutes: finish it and go on another day",
		facts->session_elapsed_s / 60, facts->session_max_s / 60);
}

/** Names of the parts that failed, such as "motor, memory". */
static void failed_parts(uint32_t failed, char *ret, size_t size)
{
	static const struct {
		uint32_t bit;
		const char *name;
	} parts[] = {
		{ SELF_TEST_MOTOR, "motor" },
		{ SELF_TEST_DEPTH_SENSOR, "depth sensor" },
		{ SELF_TEST_FORCE_SENSOR, "force sensor" },
		{ SELF_TEST_TEMPERATURE, "temperature" },
		{ SELF_TEST_MEMORY, "memory" },
	};
	size_t length = 0;

	snprintf(ret, size, "part 0x%" PRIx32, failed);
	for (size_t i = 0; i < ELEMENTS(parts); i++)
		if (failed & parts[i].bit && length < size)
			length += (size_t)snprintf(
				ret + length, size - length, "%s%s", length ? ", " : "", parts[i].name);
}

static bool refuses_board(const InterlockFacts *facts, char *text)
{
	char parts[96];

	if (!facts->board_connected)
		return refuse_arming(text,
			"the needle-driver board is not connected: check its cable and supply, then "
			"run stipplectl doctor");
	if (facts->self_test_failed) {
		failed_parts(facts->self_test_failed, parts, sizeof parts);
		return refuse_arming(
			text, "the needle-driver board failed its self-test (%s): have it repaired", parts);
	}
	return !facts->self_test_done &&
	       refuse_arming(text, "the needle-driver board has not passed its self-test: run the self-test");
}

static bool refuses_emergency_stop(const InterlockFacts *facts, char *text)
{
	return facts->emergency_stop &&
	       refuse_arming(text, "the emergency stop is pressed: release it and acknowledge the fault");
}

static bool refuses_pedal(const InterlockFacts *facts, char *text)
{
	return facts->pedal_down &&
	       refuse_arming(text, "the pedal is held down: take the foot off it before arming");
}

static bool refuses_fault(const InterlockFacts *facts, char *text)
{
	return facts->fault_latched &&
	       refuse_arming(text, "a fault is latched: remove its cause and acknowledge it");
}

static bool refuses_ledger(const InterlockFacts *facts, char *text)
{
	return !facts->ledger_healthy &&
	       refuse_arming(text, "%s",
		       facts->ledger_ailment
			       ? facts->ledger_ailment
			       : "the ledger cannot record: free disk space; it goes on by itself once it can");
}

static bool refuses_disk(const InterlockFacts *facts, char *text)
{
	if (facts->disk_free_bytes >= facts->disk_min_bytes)
		return false;
	return refuse_arming(text,
		"the disk has %" PRIu64 " MB free and %" PRIu64 " MB are needed: move old photographs away",
		facts->disk_free_bytes >> 20, facts->disk_min_bytes >> 20);
}

static bool refuses_clock(const InterlockFacts *facts, char *text)
{
	char now[CLOCK_UTC_TEXT_MAX], newest[CLOCK_UTC_TEXT_MAX];

	clock_format_utc(facts->now_utc_us, now);
	if (facts->now_utc_us < CLOCK_UNSET_BEFORE_US)
		return refuse_arming(text, "the clock says %.19sZ, which cannot be: set the clock", now);
	if (facts->now_utc_us >= facts->newest_utc_us)
		return false;
	clock_format_utc(facts->newest_utc_us, newest);
	return refuse_arming(text, "the clock says %.19sZ, before the newest record of %.19sZ: set the clock",
		now, newest);
}

static bool refuses_configuration(const InterlockFacts *facts, char *text)
{
	return facts->configuration_error &&
	       refuse_arming(text, "the configuration was rejected (%.160s): mend it and reload stippled",
		       facts->configuration_error);
}

static const struct {
	const char *error;
	bool (*refuses)(const InterlockFacts *facts, char *text);
	bool overridable;
} checks[] = {
	[INTERLOCK_OPERATOR] = { "org.stipple.Error.NotSignedIn", refuses_operator },
	[INTERLOCK_CERTIFICATION] = { "org.stipple.Error.CertificationLapsed", refuses_certification },
	[INTERLOCK_SUBJECT] = { "org.stipple.Error.NoSession", refuses_subject },
	[INTERLOCK_REGISTRATION] = { "org.stipple.Error.NotRegistered", refuses_registration },
	[INTERLOCK_AGE] = { "org.stipple.Error.TooYoung", refuses_age },
	[INTERLOCK_RECOVERY] = { "org.stipple.Error.SessionWaits", refuses_recovery },
	[INTERLOCK_CONSENT] = { "org.stipple.Error.NoConsent", refuses_consent },
	[INTERLOCK_NEEDLES_SEALED] = { "org.stipple.Error.NeedlesNotSealed", refuses_needles_sealed },
	[INTERLOCK_SCREENING] = { "org.stipple.Error.Screening", refuses_screening },
	[INTERLOCK_ZONE] = { "org.stipple.Error.NoZone", refuses_zone },
	[INTERLOCK_NEEDLE] = { "org.stipple.Error.NoNeedle", refuses_needle },
	[INTERLOCK_NEEDLE_LOT] = { "org.stipple.Error.LotBarred", refuses_needle_lot },
	[INTERLOCK_NEEDLE_CONFIGURATION] = { "org.stipple.Error.WrongNeedles", refuses_needle_configuration },
	[INTERLOCK_NEEDLE_LIFE] = { "org.stipple.Error.NeedleWorn", refuses_needle_life },
	[INTERLOCK_HANDPIECE] = { "org.stipple.Error.NoHandpiece", refuses_handpiece },
	[INTERLOCK_STERILIZATION] = { "org.stipple.Error.SterilizationOverdue", refuses_sterilization },
	[INTERLOCK_PIGMENT] = { "org.stipple.Error.NoPigment", refuses_pigment },
	[INTERLOCK_ANAESTHETIC_WAIT] = { "org.stipple.Error.AnaestheticWaits", refuses_anaesthetic_wait },
	[INTERLOCK_BEFORE_PHOTO] = { "org.stipple.Error.NoBeforePhoto", refuses_before_photo, true },
	[INTERLOCK_INTERVAL] = { "org.stipple.Error.TooSoon", refuses_interval, true },
	[INTERLOCK_SESSION_LENGTH] = { "org.stipple.Error.SessionTooLong", refuses_session_length, true },
	[INTERLOCK_BOARD] = { "org.stipple.Error.BoardNotReady", refuses_board },
	[INTERLOCK_EMERGENCY_STOP] = { "org.stipple.Error.EmergencyStop", refuses_emergency_stop },
	[INTERLOCK_PEDAL] = { "org.stipple.Error.PedalDown", refuses_pedal },
	[INTERLOCK_FAULT] = { "org.stipple.Error.FaultLatched", refuses_fault },
	[INTERLOCK_LEDGER] = { "org.stipple.Error.LedgerUnhealthy", refuses_ledger },
	[INTERLOCK_DISK] = { "org.stipple.Error.DiskFull", refuses_disk },
	[INTERLOCK_CLOCK] = { "org.stipple.Error.ClockBehind", refuses_clock },
	[INTERLOCK_CONFIGURATION] = { "org.stipple.Error.ConfigurationRejected", refuses_configuration },
};
static_assert(ELEMENTS(checks) == INTERLOCK_MAX, "every interlock is checked");

size_t interlocks_check(const InterlockFacts *facts, Refusal ret[INTERLOCK_MAX])
{
	size_t n = 0;

	for (size_t i = 0; i < ELEMENTS(checks); i++) {
		if (checks[i].overridable && (facts->overridden & INTERLOCK_BIT(i)))
			continue;
		if (!checks[i].refuses(facts, ret[n].text))
			continue;
		ret[n++].interlock = (Interlock)i;
	}
	return n;
}

bool interlock_is_overridable(Interlock interlock)
{
	return (int)interlock >= 0 && interlock < INTERLOCK_MAX && checks[interlock].overridable;
}

const char *interlock_error_name(Interlock interlock)
{
	if ((int)interlock < 0 || interlock >= INTERLOCK_MAX)
		return NULL;
	return checks[interlock].error;
}
