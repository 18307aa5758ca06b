/* SPDX-License-Identifier: Apache-2.0 */

/** Judges what is written down at the chair before it is recorded. It changes nothing but the body. */

#include "decide/chair-entry.h"

static bool require_zones(const State *state, const json_t *zones, Decision *ret)
{
	bool moves_here = work_may_move(&state->work) && json_array_size(zones) == 0;
	json_t *name;
	size_t i;

	json_array_foreach (zones, i, name) {
		const char *text = json_string_value(name);
		Zone zone = zone_from_string(text ? text : "");

		if ((int)zone < 0) {
			decide_refusal(ret, STATION_ERROR_INVALID,
				"there is no zone \"%.40s\": choose of those of the protocol, such as crown, separated by commas",
				text ? text : "");
			return false;
		}
		moves_here |= work_may_move(&state->work) && zone == state->session.zone;
	}
	if (moves_here)
		decide_refusal(ret, STATION_ERROR_STATE,
			"the needle is armed in this zone: disarm it, then record the anaesthetic");
	return !moves_here;
}

static bool require_applied(const State *state, json_t *body, Decision *ret)
{
	int64_t now_us = state->host.now.utc_us, applied_us = 0;
	char now[CLOCK_UTC_TEXT_MAX];

	clock_format_utc(now_us, now);
	if (!json_object_get(body, "applied")) {
		if (json_object_set_new(body, "applied", json_sprintf("%.19sZ", now)) == 0)
			return true;
		decide_no_memory(ret);
		return false;
	}
	if (clock_parse_utc(row_text(body, "applied"), &applied_us) < 0)
		return true; /* the ledger says how a time is written */
	if (applied_us > now_us + CLOCK_SLACK_US)
		decide_refusal(ret, STATION_ERROR_INVALID,
			"the anaesthetic was applied at %.20s, which is in the future (now it is %.19sZ): enter when it was",
			row_text(body, "applied"), now);
	else if (now_us - applied_us > ANAESTHETIC_AGO_MAX_S * USEC_PER_SEC)
		decide_refusal(ret, STATION_ERROR_INVALID,
			"the anaesthetic was applied at %.20s, more than %d hours ago (now it is %.19sZ): enter the newest application",
			row_text(body, "applied"), ANAESTHETIC_AGO_MAX_S / 3600, now);
	else
		return true;
	return false;
}

bool require_anaesthetic(const State *state, json_t *body, Decision *ret)
{
	return require_zones(state, json_object_get(body, "zones"), ret) && require_applied(state, body, ret);
}
