/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Judges whether a session may go on after the station stopped. It must not let a session go on with a
 * cartridge that may be a different one, and must not arm anything.
 */

#include "decide/recovery.h"

#include <stdio.h>

#include "util/clock.h"

json_t *recovery_body(const State *state, int64_t newest_utc_us, uint32_t bound_ms)
{
	const Session *session = &state->session;
	const SessionRecovery *earlier = &session->recovery;
	/* the last strokes of an armed needle may be missing even after an orderly stop */
	uint32_t lacking_ms = session->step == SESSION_READY ? bound_ms : 0;
	char since[CLOCK_UTC_TEXT_MAX];

	if (earlier->waits && earlier->lacking_ms > lacking_ms)
		lacking_ms = earlier->lacking_ms;
	clock_format_utc(earlier->waits ? earlier->since_us : newest_utc_us, since);
	return json_pack("{s:I, s:s, s:o, s:I}", "session", (json_int_t)session->number, "to",
		session_state_to_string(session->step == SESSION_CLOSING ? SESSION_CLOSING : SESSION_PAUSED),
		"since", json_sprintf("%.19sZ", since), "lacking_ms", (json_int_t)lacking_ms);
}

static bool is_same_text(const json_t *a, const json_t *b)
{
	return json_is_string(a) && json_equal(a, b);
}

bool recovery_rules_same(const json_t *begun_under, const json_t *in_force, const char *protocol)
{
	static const char *const of_profile[] = { "profile", "profile_sha256" };

	for (size_t i = 0; i < ELEMENTS(of_profile); i++)
		if (!is_same_text(json_object_get(begun_under, of_profile[i]),
			    json_object_get(in_force, of_profile[i])))
			return false;
	return is_same_text(json_object_get(json_object_get(begun_under, "protocols"), protocol),
		json_object_get(json_object_get(in_force, "protocols"), protocol));
}

RecoveryRefusal recovery_check(const State *state, char text[RECOVERY_TEXT_MAX])
{
	const Board *board = &state->board;
	const Cartridge *mounted = &state->needle.mounted;

	text[0] = '\0';
	if (!state->session.recovery.waits)
		return RECOVERY_GOES_ON;
	if (!board->connected || !board->self_test_done || board->self_test_failed) {
		snprintf(text, RECOVERY_TEXT_MAX,
			"the board has not passed its self-test since the station stopped: run it, then go on");
		return RECOVERY_SELF_TEST;
	}
	if (mounted->claim && !chip_is_same(&mounted->chip, &board->chip)) {
		snprintf(text, RECOVERY_TEXT_MAX,
			"cartridge %s was mounted when the station stopped, and no chip says that it is still the one in the "
			"handpiece: remove it, go on, and mount a new one",
			mounted->unit);
		return RECOVERY_CARTRIDGE;
	}
	return RECOVERY_GOES_ON;
}
