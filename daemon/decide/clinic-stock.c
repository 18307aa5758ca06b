/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides which cartridges the station gets from the clinic's registry, and gives to other stations. What it
 * gives away it must not be able to claim, whatever becomes of the request.
 */

#include <stdio.h>
#include <string.h>

#include "decide/cartridge.h"
#include "decide/clinic.h"

enum { CLINIC_UNITS_MAX = 200 }; /* cartridges in one request, as the registry takes them */

/* not the auditor, who only reads */
#define WHO_HOLDS "technician supervisor administrator"

static bool require_registry(const State *state, Decision *ret)
{
	if (clinic_is_configured(state))
		return true;
	decide_refusal(ret, STATION_ERROR_STATE,
		"this station has no registry: set [registry] server in stippled.conf, or leave this out");
	return false;
}

/**
 * Reads the codes into a list of units, each once. `lot`: NULL, or gets the lot, which all must have. The
 * caller owns the list; NULL, and a refusal, when a code names no single cartridge.
 */
static json_t *read_units(const State *state, const Command *command, char *lot, size_t size, Decision *ret)
{
	json_auto_t *units = json_array();
	NeedleCodeOptions options = label_options(state);
	const json_t *codes = json_object_get(command->asked, "codes");
	NeedleCode read;
	Error error = { .text = "it is too long" };
	json_t *code;
	size_t i;

	if (json_array_size(codes) < 1 || json_array_size(codes) > CLINIC_UNITS_MAX) {
		decide_refusal(
			ret, STATION_ERROR_INVALID, "1 to %d codes are taken at a time", CLINIC_UNITS_MAX);
		return NULL;
	}
	json_array_foreach ((json_t *)codes, i, code) {
		const char *text = json_string_value(code);

		if (!text || strlen(text) > NEEDLE_CODE_MAX ||
			needle_code_parse(text, &options, &read, &error) < 0) {
			decide_refusal(
				ret, STATION_ERROR_NEEDLE, "code %zu cannot be read: %s", i + 1, error.text);
			return NULL;
		}
		if (!read.unique) {
			decide_refusal(ret, STATION_ERROR_NEEDLE,
				"code %zu has no serial: numbers of lot %s are held by themselves when one is mounted",
				i + 1, read.lot);
			return NULL;
		}
		if (lot && i == 0)
			snprintf(lot, size, "%s", read.lot);
		if (lot && strcmp(lot, read.lot) != 0) {
			decide_refusal(ret, STATION_ERROR_INVALID,
				"the codes are of lots %s and %s: take those of one lot at a time", lot,
				read.lot);
			return NULL;
		}
		json_array_append_new(units, json_string(read.unit));
	}
	return json_incref(units);
}

/** The registry has answered: done, with its sentence, once the leaf before the answer is on record. */
static void decide_answered(const Command *command, const char *away, Decision *ret)
{
	const char *text = command->registry_text;

	if (command->registry == REGISTRY_AWAY)
		decide_refusal(ret, STATION_ERROR_AWAY, "%s", away);
	else if (command->registry == REGISTRY_REFUSED)
		decide_refusal(ret, STATION_ERROR_REGISTRY, "%s",
			text[0] ? text : "the clinic's registry does not do this");
	else if (!found_rows(command, "clinic-held"))
		decide_look_up(ret, "clinic-held", json_pack("{s:i}", "limit", 1), "what this station holds");
	else
		decide_done(ret);
	if (ret->kind == DECISION_DONE)
		snprintf(ret->detail, sizeof ret->detail, "%s", text);
}

static void decide_hold(const State *state, const Command *command, Decision *ret)
{
	char lot[sizeof((NeedleCode *)0)->lot] = "";
	json_t *units;

	if (command->registry_asked > 0) {
		decide_answered(command,
			"the clinic's registry does not answer, so nothing is held: try again when `stipplectl doctor` says that it is connected",
			ret);
		return;
	}
	if (!require_signed_in(state, command, WHO_HOLDS, ret) || !require_registry(state, ret))
		return;
	units = read_units(state, command, lot, sizeof lot, ret);
	if (units)
		clinic_ask(ret, REGISTRY_HOLD, json_pack("{s:s, s:o}", "lot", lot, "units", units));
}

const CommandSpec command_hold_units = { .decide = decide_hold };

/** The log of the station called `name`; NULL and a refusal when the registry enrolled none. Borrowed. */
static const char *find_station(const Command *command, const char *name, Decision *ret)
{
	const json_t *row = found_row_with(command, "clinic-stations", "name", name);

	if (row)
		return row_text(row, "station");
	decide_refusal(ret, STATION_ERROR_UNKNOWN,
		"the clinic has no station \"%.64s\": write its name as the clinic's registry has it", name);
	return NULL;
}

/** Whether all are released to that station already, and only the registry has not moved them. */
static bool are_released(const Command *command, const json_t *units, const char *to)
{
	json_t *unit;
	size_t i;

	json_array_foreach ((json_t *)units, i, unit) {
		const json_t *row =
			found_row_with(command, "clinic-released", "unit", json_string_value(unit));

		if (!row || strcmp(row_text(row, "to"), to) != 0)
			return false;
	}
	return true;
}

/**
 * The release is on record before the registry is asked: a cartridge on its way to another station can no
 * longer be claimed here, whatever becomes of the answer.
 */
static void decide_release(const State *state, const Command *command, Decision *ret)
{
	const char *name = asked_text(command, "to"), *to = find_station(command, name, ret);
	json_auto_t *units = to ? read_units(state, command, NULL, 0, ret) : NULL;

	if (!units)
		return;
	if (command->recorded > 0 || are_released(command, units, to)) {
		clinic_ask(ret, REGISTRY_MOVE, json_pack("{s:s, s:O}", "to", name, "units", units));
		return;
	}
	decide_record_and_go_on(ret, "clinic.released", json_pack("{s:s, s:O}", "to", to, "units", units));
}

static void decide_move(const State *state, const Command *command, Decision *ret)
{
	if (command->registry_asked > 0)
		decide_answered(command,
			"the cartridges are released here, but the clinic's registry did not answer: give the same command again when it can be reached; until then nobody can use them",
			ret);
	else if (!require_signed_in(state, command, WHO_HOLDS, ret) || !require_registry(state, ret) ||
		 !require_text(
			 "the station that gets them", asked_text(command, "to"), SESSION_NAME_MAX - 1, ret))
		return;
	else if (!found_rows(command, "clinic-stations"))
		decide_look_up(ret, "clinic-stations", json_object(), "the stations of the clinic");
	else if (!found_rows(command, "clinic-released"))
		decide_look_up(ret, "clinic-released", json_object(), "what this station gave away");
	else
		decide_release(state, command, ret);
}

const CommandSpec command_move_units = { .decide = decide_move };

static void decide_held(const State *state, const Command *command, Decision *ret)
{
	if (!require_registry(state, ret))
		return;
	if (!found_rows(command, "clinic-held")) {
		decide_look_up(ret, "clinic-held", json_object(), "what this station holds");
		return;
	}
	decide_done(ret);
	ret->figures = json_pack("{s:O}", "units", found_rows(command, "clinic-held"));
}

const CommandSpec command_held_units = { .decide = decide_held };
