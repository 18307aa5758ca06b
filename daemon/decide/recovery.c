/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Judges whether a session that survived the station's stop may go on. It must not let one go on with a
 * cartridge that could be another one, nor arm anything.
 */

#include "decide/recovery.h"

#include <stdio.h>

#include "util/clock.h"

json_t *recovery_body(const State *state, int64_t newest_utc_us, bool in_good_order, uint32_t bound_ms)
{
	const Session *session = &state->session;
	bool armed = session->step == SESSION_READY && !in_good_order;
	char since[CLOCK_UTC_TEXT_MAX];

	clock_format_utc(newest_utc_us, since);
	return json_pack("{s:I, s:s, s:o, s:i}", "session", (json_int_t)session->number, "to",
		session_state_to_string(session->step == SESSION_CLOSING ? SESSION_CLOSING : SESSION_PAUSED),
		"since", json_sprintf("%.19sZ", since), "lacking_ms", armed ? (int)bound_ms : 0);
}

RecoveryRefusal recovery_check(const State *state, const RecoveryBoard *board, char text[RECOVERY_TEXT_MAX])
{
	const Cartridge *mounted = &state->needle.mounted;

	text[0] = '\0';
	if (!state->session.recovery.waits)
		return RECOVERY_GOES_ON;
	if (!board->self_test_passed) {
		snprintf(text, RECOVERY_TEXT_MAX,
			"the board has not passed its self-test since the station stopped: run it, then go on");
		return RECOVERY_SELF_TEST;
	}
	if (mounted->claim && !chip_is_same(&mounted->chip, board->chip)) {
		snprintf(text, RECOVERY_TEXT_MAX,
			"cartridge %s was mounted when the station stopped, and no chip says that it is still the one in the "
			"handpiece: remove it, go on, and mount a new one",
			mounted->unit);
		return RECOVERY_CARTRIDGE;
	}
	return RECOVERY_GOES_ON;
}
