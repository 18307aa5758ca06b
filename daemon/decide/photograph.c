/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides about photographs: taking them and handing them out. None is taken without the client's consent,
 * and a photograph is handed out only if its bytes are the recorded ones.
 */

#include "decide/decision.h"

#include <string.h>

static json_t *captured_body(const State *state, const Command *command)
{
	const StationPicture *picture = command->picture;
	json_t *body = body_with_session(
		state, json_pack("{s:s, s:s, s:f, s:f}", "zone", asked_text(command, "zone"), "phase",
			       asked_text(command, "phase"), "focus", picture->focus, "exposure",
			       picture->exposure));

	if (!body)
		return NULL;
	if (picture->verdict) {
		json_object_update_new(
			body, json_pack("{s:s, s:s}", "verdict", picture->verdict, "text", picture->text));
		return body;
	}
	json_object_update_new(body, json_pack("{s:s, s:s, s:I, s:i, s:i}", "file", picture->file, "sha256",
					     picture->sha256, "bytes", (json_int_t)picture->bytes, "width",
					     (int)picture->width, "height", (int)picture->height));
	/* the camera may leave these unknown */
	body_set_optional(body, "camera", picture->camera ? picture->camera : "");
	if (picture->exposure_us > 0)
		json_object_set_new(body, "exposure_us", json_integer(picture->exposure_us));
	if (picture->gain_milli > 0)
		json_object_set_new(body, "gain_milli", json_integer(picture->gain_milli));
	return body;
}

static void describe_scene(const State *state, Zone zone, StippleScene *ret)
{
	const Session *session = &state->session;

	snprintf(ret->zone, sizeof ret->zone, "%s", zone_to_string(zone));
	snprintf(ret->skin_type, sizeof ret->skin_type, "%s", skin_type_to_string(session->skin));
	ret->area_mm2 = session_zone(session)->area_mm2;
	ret->dots = session->zones[zone].statistics.dots;
	for (const char *s = session->subject; *s; s++)
		ret->seed = ret->seed * 31 + (unsigned char)*s;
}

/** Whether pictures may be taken now. */
static bool require_view(const State *state, const Command *command, bool phase_known, Decision *ret)
{
	Zone zone = zone_from_string(asked_text(command, "zone"));

	if (!require_signed_in(state, command, "technician", ret) ||
		!require_phase(state,
			PHASE_BIT(SESSION_PREPARING) | PHASE_BIT(SESSION_PAUSED) | PHASE_BIT(SESSION_CLOSING),
			ret))
		return false;
	if ((int)zone < 0)
		decide_refusal(ret, STATION_ERROR_INVALID, "a picture is of one of the zones: " ZONE_NAMES);
	else if (!phase_known)
		decide_refusal(ret, STATION_ERROR_INVALID, "a picture is taken \"before\" or \"after\"");
	else if (!state->session.consent_photographs)
		decide_refusal(ret, interlock_error_name(INTERLOCK_CONSENT),
			"the client has not consented to photographs: record the consent first");
	else
		return true;
	return false;
}

/** A "before" photograph must precede the first stroke: later the untreated skin cannot be seen. */
static bool require_in_time(const State *state, Zone zone, const char *phase, Decision *ret)
{
	const ZoneStatistics *statistics = &state->session.zones[zone].statistics;

	if (strcmp(phase, "before") != 0 || statistics->strokes == 0)
		return true;
	decide_refusal(ret, STATION_ERROR_STATE,
		"zone %s has had %llu strokes in this session: what is photographed now is \"after\"",
		zone_to_string(zone), (unsigned long long)statistics->strokes);
	return false;
}

static void decide_taken(const State *state, const Command *command, Decision *ret)
{
	const StationPicture *picture = command->picture;

	if (picture->error < 0) {
		decide_refusal(ret, STATION_ERROR_CAMERA, "%s", picture->text);
		return;
	}
	if (picture->verdict) {
		decide_refusal(ret, STATION_ERROR_PICTURE, "%s", picture->text);
		decide_record(ret, "image.refused", captured_body(state, command));
		return;
	}
	decide_record(ret, "image.captured", captured_body(state, command));
	snprintf(ret->detail, sizeof ret->detail, "%s", picture->file);
	ret->figures = json_incref(ret->body);
}

static void decide_picture(const State *state, const Command *command, Decision *ret)
{
	Zone zone = zone_from_string(asked_text(command, "zone"));
	const char *phase = asked_text(command, "phase");
	bool known = strcmp(phase, "before") == 0 || strcmp(phase, "after") == 0;
	ImageName name = { state->session.number, state->host.now.utc_us };

	if (command->picture) {
		decide_taken(state, command, ret);
		return;
	}
	if (!require_view(state, command, known, ret) || !require_in_time(state, zone, phase, ret))
		return;
	image_name_make(&name, zone_to_string(zone), phase, ret->capture.name);
	describe_scene(state, zone, &ret->capture.scene);
	decide_effect(ret, EFFECT_CAPTURE);
}

const CommandSpec command_picture = { decide_picture, .is_step = true };

static void decide_preview(const State *state, const Command *command, Decision *ret)
{
	const StationPicture *picture = command->picture;

	if (!picture) {
		if (!require_view(state, command, true, ret))
			return;
		describe_scene(state, zone_from_string(asked_text(command, "zone")), &ret->capture.scene);
		ret->capture.preview = true;
		decide_effect(ret, EFFECT_CAPTURE);
		return;
	}
	if (picture->error < 0) {
		decide_refusal(ret, STATION_ERROR_CAMERA, "%s", picture->text);
		return;
	}
	decide_done(ret);
	snprintf(ret->detail, sizeof ret->detail, "%s", picture->verdict ? picture->verdict : "good");
	snprintf(ret->text, sizeof ret->text, "%s", picture->text);
}

const CommandSpec command_preview = { .decide = decide_preview };

/* ---- handing them out ---- */

static void decide_opened(const Command *command, const json_t *row, Decision *ret)
{
	const char *file = asked_text(command, "file");

	if (command->opened < 0)
		decide_refusal(ret,
			command->opened == -ENOENT ? STATION_ERROR_UNKNOWN : STATION_ERROR_PICTURE,
			"the photograph %s cannot be opened (%s): see what the record says of it", file,
			strerror(-command->opened));
	else if (strcmp(row_text(row, "sha256"), command->opened_sha256) != 0)
		decide_refusal(ret, STATION_ERROR_PICTURE, PICTURE_REPLACED, file);
	else
		decide_done(ret);
	snprintf(ret->detail, sizeof ret->detail, "%s", file);
	ret->figures = json_incref((json_t *)row);
}

static void decide_open(const State *state, const Command *command, Decision *ret)
{
	const char *file = asked_text(command, "file");
	const json_t *row = found_row(command, "picture");

	if (!found_rows(command, "picture")) {
		decide_look_up(ret, "picture", json_pack("{s:s}", "file", file), "the record");
		return;
	}
	if (!row) {
		decide_refusal(ret, STATION_ERROR_UNKNOWN,
			"no record names the photograph %s: `stipplectl audit images` lists them", file);
		return;
	}
	if (command->opened_sha256[0] || command->opened < 0) {
		decide_opened(command, row, ret);
		return;
	}
	decide_effect(ret, EFFECT_OPEN_PICTURE);
	snprintf(ret->detail, sizeof ret->detail, "%s", file);
}

const CommandSpec command_open_picture = { .decide = decide_open };

/** Records the access before the photograph leaves. */
static void decide_audit_picture(const State *state, const Command *command, Decision *ret)
{
	if (command->stage > 0) {
		decide_open(state, command, ret);
		return;
	}
	if (!text_is_identifier(asked_text(command, "file"), SESSION_NAME_MAX - 1)) {
		decide_refusal(ret, STATION_ERROR_INVALID,
			"this is no name of a photograph: `stipplectl audit images` lists them");
		return;
	}
	decide_access(command, "picture", json_pack("{s:s}", "file", asked_text(command, "file")), ret);
}

const CommandSpec command_audit_picture = { .decide = decide_audit_picture };
