/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The cartridge and the pigment: codes, claims, reseating, removal, loading. A cartridge must not be mounted
 * before its claim is committed. Whether it was used before is the ledger's to say; the one exception is the
 * same chip put back soon after.
 */

#include "core/station-private.h"

#include <string.h>

#include "util/digest.h"
#include "util/log.h"

static NeedleCodeOptions code_options(const Station *station)
{
	return (NeedleCodeOptions){
		.today_utc_us = station_today_us(station),
		.fnc1 = station->options.config->scanner_fnc1[0],
	};
}

void station_read_code(const Station *station, const char *code, NeedleCode *ret)
{
	NeedleCodeOptions options = code_options(station);

	needle_code_read(code, &options, ret);
}

static void set_optional(json_t *body, const char *key, const char *value)
{
	if (body && value[0])
		json_object_set_new(body, key, json_string(value));
}

static void set_chip(json_t *body, const ChipId *chip)
{
	char hex[2 * FRAME_CHIP_ID_MAX + 1];

	hex_encode(chip->bytes, chip->length, hex);
	set_optional(body, "chip", hex);
}

/** The code as the record keeps it: a scanner's control characters would not survive every reader. */
static void printable_code(const char *code, char *ret, size_t size)
{
	size_t used = 0;

	for (; *code && used + 6 < size; code++) {
		if ((unsigned char)*code < 0x20)
			used += snprintf(ret + used, size - used, "<%02X>", (unsigned char)*code);
		else
			ret[used++] = *code;
	}
	ret[used] = '\0';
}

static void needle_claimed(Operation *operation, const LedgerAnswer *answer)
{
	Station *station = operation->station;

	station_wear_begins(station, 0);
	snprintf(operation->reply.detail, sizeof operation->reply.detail, "%s",
		station->state.needle.mounted.unit);
	station_fact_refresh(station, STATION_FACT_LOW_STOCK); /* nobody need wait for it */
	station_notify(station, STATION_CHANGED_ZONE);
	operation_done(operation);
}

static void needle_refused(Operation *operation, const LedgerAnswer *answer)
{
	const char *refusal = json_string_value(json_object_get(operation->body, "refusal"));
	bool ambiguous = refusal && strcmp(refusal, "ambiguous") == 0;
	char text[STATION_TEXT_MAX];

	memcpy(text, operation->reply.text, sizeof text);
	operation_fail(operation, ambiguous ? STATION_ERROR_AMBIGUOUS : STATION_ERROR_NEEDLE, "%s", text);
}

/** A refusal is evidence too: it is recorded before the technician hears of it. */
static void refuse_needle(Operation *operation, const char *refusal, const char *code, const char *text)
{
	char kept[2 * NEEDLE_CODE_MAX];
	json_t *body;

	printable_code(code, kept, sizeof kept);
	log_line(LOG_NOTICE, LOG_ID_NEEDLE_REFUSED, "%s", text);
	snprintf(operation->reply.text, sizeof operation->reply.text, "%s", text);
	body = station_with_session(operation->station,
		json_pack("{s:s, s:s, s:s}", "code", kept, "refusal", refusal, "text", text));
	set_optional(body, "unit", operation->code.unit);
	operation_record(operation, "needle.refused", body, NULL, needle_refused);
}

static void claim_answered(void *userdata, const LedgerAnswer *answer)
{
	Operation *operation = userdata;
	const char *code = json_string_value(json_object_get(operation->body, "code"));
	char copy[2 * NEEDLE_CODE_MAX];

	if (answer->error == 0) {
		station_apply(operation->station, "needle.claimed", operation->body, answer);
		needle_claimed(operation, answer);
		return;
	}
	snprintf(copy, sizeof copy, "%s", code ? code : "");
	if (answer->error == -EEXIST)
		refuse_needle(operation, "used", copy, answer->text);
	else if (answer->error == -ENOENT)
		refuse_needle(operation, "unknown-lot", copy, answer->text);
	else if (answer->error == -ESTALE)
		refuse_needle(operation, "expired", copy, answer->text);
	else if (answer->error == -EKEYREVOKED)
		refuse_needle(operation, "barred", copy, answer->text);
	else if (answer->error == -ENOTUNIQ)
		refuse_needle(operation, "ambiguous", copy, answer->text);
	else if (answer->error == -EBADMSG)
		refuse_needle(operation, "contradiction", copy, answer->text);
	else
		operation_fail(operation, STATION_ERROR_LEDGER, "nothing was recorded: %s", answer->text);
}

/** The rules in force go into the claim, and the ledger holds it to them. */
static void ask_for_evidence(json_t *body, const Profile *profile)
{
	static const ProfileProof of_lots[] = { PROFILE_CERTIFICATE, PROFILE_MEMBRANE };
	json_t *evidence = json_array();

	for (size_t i = 0; i < ELEMENTS(of_lots); i++)
		if (profile->proofs[of_lots[i]])
			json_array_append_new(evidence, json_string(profile_proof_to_string(of_lots[i])));
	if (json_array_size(evidence) > 0)
		json_object_set(body, "evidence", evidence);
	json_decref(evidence);
}

static void claim_needle(Operation *operation)
{
	Station *station = operation->station;
	char kept[2 * NEEDLE_CODE_MAX];
	LedgerRecord record = { .kind = "needle.claimed", .actor = operation->actor };
	json_t *body;
	int r;

	printable_code(operation->code_text, kept, sizeof kept);
	body = station_with_session(station, json_pack("{s:s, s:s, s:s}", "unit", operation->code.unit, "lot",
						     operation->code.lot, "code", kept));
	set_optional(body, "gtin", operation->code.product);
	set_optional(body, "serial", operation->code.serial);
	set_optional(body, "expiry", operation->code.expiry);
	set_optional(body, "source", operation->scanned ? "scanner" : "keyboard");
	if (body)
		set_chip(body, &operation->chip);
	ask_for_evidence(body, &station->profile);
	operation->body = record.body = body;
	r = body && operation_add_user(operation, body) == 0
		    ? operation_append(operation, &record, claim_answered)
		    : -ENOMEM;
	if (r < 0)
		operation_fail(operation, STATION_ERROR_LEDGER,
			"the ledger takes no more records now (%s): try again", strerror(-r));
}

static void needle_reseated(Operation *operation, const LedgerAnswer *answer)
{
	Station *station = operation->station;

	station_wear_begins(station, station->removed_worked_us);
	snprintf(operation->reply.detail, sizeof operation->reply.detail, "%s",
		station->state.needle.mounted.unit);
	station_notify(station, STATION_CHANGED_ZONE);
	operation_done(operation);
}

/* how long one of a label's two symbols waits for the other, and a code that was read for its claim */
enum { HALF_CODE_US = 60 * USEC_PER_SEC, SCANNED_CODE_US = 60 * USEC_PER_SEC };

void station_scanned(Station *station, const char *code)
{
	snprintf(station->scanned_code, sizeof station->scanned_code, "%s", code);
	text_repair(station->scanned_code);
	station->scanned_us = station_now_us(station);
}

static bool came_from_scanner(const Station *station, const char *code)
{
	return station->scanned_code[0] && strcmp(station->scanned_code, code) == 0 &&
	       station_now_us(station) - station->scanned_us <= SCANNED_CODE_US;
}

/** Reads the code, with the label's other symbol where that came just before. False: it has failed. */
static bool read_code(Operation *operation, const char *code)
{
	Station *station = operation->station;
	NeedleCodeOptions options = code_options(station);
	bool waits = station->half_code[0] && station_now_us(station) - station->half_us <= HALF_CODE_US;
	Error error;
	NeedleCode read;

	if (strlen(code) > NEEDLE_CODE_MAX) {
		operation_fail(operation, STATION_ERROR_INVALID,
			"the code is longer than %d bytes: scan it again", NEEDLE_CODE_MAX);
		return false;
	}
	snprintf(operation->code_text, sizeof operation->code_text, "%s", code);
	needle_code_read(code, &options, &read);
	operation->scanned = operation->scanned || came_from_scanner(station, code);
	if (read.half && waits &&
		needle_code_join(station->half_code, code, &options, &read, operation->code_text) == 0)
		operation->scanned = operation->scanned && station->half_scanned;
	station->half_scanned = operation->scanned;
	snprintf(station->half_code, sizeof station->half_code, "%s", read.half ? code : "");
	station->half_us = station_now_us(station);
	if (needle_code_check(&read, &error) == 0) {
		operation->code = read;
		return true;
	}
	operation_fail(operation, STATION_ERROR_NEEDLE, "the code cannot be read: %s", error.text);
	return false;
}

/** The same chip put back within the same session and the bound is the one exception to no reuse. */
static bool may_reseat(const Station *station, const Operation *operation)
{
	const Cartridge *removed = &station->state.needle.removed;

	return removed->claim && operation->code.unique && chip_is_same(&operation->chip, &removed->chip) &&
	       strcmp(operation->code.unit, removed->unit) == 0 &&
	       station_now_us(station) - station->removed_us <=
		       (int64_t)station->options.config->reseat_max_s * USEC_PER_SEC;
}

void station_mount_needle(Station *station, const char *code, bool scanned, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, true, done, userdata);
	json_t *body;

	if (!operation || !operation_signed_in(operation, "technician") ||
		!operation_in_states(operation, STATE_BIT(SESSION_PREPARING) | STATE_BIT(SESSION_PAUSED)))
		return;
	if (station->state.session.recovery.waits) {
		operation_fail(operation, interlock_error_name(INTERLOCK_RECOVERY),
			"the session waits since the station stopped: resume it first, then mount the cartridge");
		return;
	}
	if (station->state.needle.mounted.claim) {
		operation_fail(operation, STATION_ERROR_STATE,
			"cartridge %s is still mounted: remove it first, then mount the next",
			station->state.needle.mounted.unit);
		return;
	}
	operation->scanned = scanned;
	if (!operation_clock_set(operation) || !read_code(operation, code))
		return;
	operation->chip = station->view.chip;
	if (!may_reseat(station, operation)) {
		claim_needle(operation);
		return;
	}
	body = station_with_session(
		station, json_pack("{s:s, s:i}", "unit", station->state.needle.removed.unit, "away_s",
				 (int)((station_now_us(station) - station->removed_us) / USEC_PER_SEC)));
	if (body)
		set_chip(body, &operation->chip);
	operation_record(operation, "needle.reseated", body, NULL, needle_reseated);
}

/** A unit that is named without its code is one, and no sentence: it may be published. */
static bool units_ok(Operation *operation, const json_t *fields)
{
	static const char *const names[] = { "unit", "other" };

	for (size_t i = 0; i < ELEMENTS(names); i++) {
		const char *unit = json_string_value(json_object_get(fields, names[i]));

		if (!unit || !strpbrk(unit, " \t"))
			continue;
		operation_fail(operation, STATION_ERROR_INVALID,
			"the field %s is a cartridge as the record names it, such as (01)...(21)...: scan its code instead",
			names[i]);
		return false;
	}
	return true;
}

bool station_identify_needle(Operation *operation, json_t *fields)
{
	const char *code = json_string_value(json_object_get(fields, "code"));
	NeedleCodeOptions options = code_options(operation->station);
	char kept[2 * NEEDLE_CODE_MAX];
	Error error;

	if (strncmp(operation->form->kind, "needle.", strlen("needle.")) != 0)
		return true;
	if (!units_ok(operation, fields))
		return false;
	if (!code)
		return true;
	if (strlen(code) > NEEDLE_CODE_MAX ||
		needle_code_parse(code, &options, &operation->code, &error) < 0) {
		operation_fail(operation, STATION_ERROR_NEEDLE, "the code cannot be read: %s",
			strlen(code) > NEEDLE_CODE_MAX ? "it is too long" : error.text);
		return false;
	}
	printable_code(code, kept, sizeof kept);
	set_optional(fields, "code", kept);
	set_optional(fields, "unit", operation->code.unit);
	if (strcmp(operation->form->kind, "needle.damaged") != 0)
		return true;
	set_optional(fields, "lot", operation->code.lot);
	set_optional(fields, "gtin", operation->code.product);
	set_optional(fields, "expiry", operation->code.expiry);
	return true;
}

static json_t *removed_body(Station *station, const char *reason)
{
	const Cartridge *mounted = &station->state.needle.mounted;

	return station_with_session(station,
		json_pack("{s:s, s:I, s:I, s:I, s:s}", "unit", mounted->unit, "strokes",
			(json_int_t)mounted->strokes, "dots", (json_int_t)mounted->dots, "worked_s",
			(json_int_t)station_needle_worked_us(station) / USEC_PER_SEC, "reason", reason));
}

static void note_removal(Station *station)
{
	station->removed_worked_us = station_needle_worked_us(station);
	station->removed_us = station_now_us(station);
	station->chunk_dots = 0; /* of another cartridge from now on */
}

void station_needle_removed(Station *station, const char *reason)
{
	if (!station->state.needle.mounted.claim)
		return;
	note_removal(station);
	station_record_in_force(station, "needle.removed", removed_body(station, reason));
}

static void remove_committed(Operation *operation, const LedgerAnswer *answer)
{
	station_notify(operation->station, STATION_CHANGED_ZONE);
	operation_done(operation);
}

static void remove_disarmed(Operation *operation)
{
	char reason[STATION_NAME_MAX];

	snprintf(reason, sizeof reason, "%s", operation->query);
	station_end_contact(operation->station);
	station_flush_strokes(operation->station);
	note_removal(operation->station);
	operation_record(operation, "needle.removed", removed_body(operation->station, reason), NULL,
		remove_committed);
}

void station_remove_needle(Station *station, const char *reason, StationDone done, void *userdata)
{
	Operation *operation = operation_new_stop(station, done, userdata);

	if (!operation || !operation_signed_in(operation, "technician") ||
		!operation_text_ok(operation, "the reason", reason, STATION_NAME_MAX - 1))
		return;
	if (!station->state.needle.mounted.claim) {
		operation_fail(operation, STATION_ERROR_STATE, "no cartridge is mounted");
		return;
	}
	snprintf(operation->query, sizeof operation->query, "%s", reason);
	operation_disarm_then(operation, remove_disarmed);
}

/* ---- pigment ---- */

static void pigment_committed(Operation *operation, const LedgerAnswer *answer)
{
	station_notify(operation->station, STATION_CHANGED_ZONE);
	operation_done(operation);
}

void station_load_pigment(Station *station, const char *brand, const char *colour, const char *lot,
	const char *expiry, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, true, done, userdata);
	int64_t end;
	json_t *body;

	if (!operation || !operation_signed_in(operation, "technician") ||
		!operation_in_states(operation, STATE_BIT(SESSION_PREPARING) | STATE_BIT(SESSION_PAUSED)) ||
		!operation_text_ok(operation, "the brand", brand, 40) ||
		!operation_text_ok(operation, "the colour", colour, 24) ||
		!operation_text_ok(operation, "the lot", lot, 20))
		return;
	if (date_end_utc_us(expiry, &end) < 0) {
		operation_fail(operation, STATION_ERROR_INVALID,
			"the expiry \"%.20s\" is no date: write YYYY-MM-DD", expiry);
		return;
	}
	if (!operation_clock_set(operation))
		return;
	if (end < station_today_us(station)) {
		operation_fail(operation, interlock_error_name(INTERLOCK_PIGMENT),
			"pigment %s %s, lot %s, expired on %s: open another bottle", brand, colour, lot,
			expiry);
		return;
	}
	body = station_with_session(station, json_pack("{s:s, s:s, s:s, s:s}", "brand", brand, "colour",
						     colour, "lot", lot, "expiry", expiry));
	if ((int)station->state.session.zone >= 0)
		set_optional(body, "zone", zone_to_string(station->state.session.zone));
	if (body && station->profile.proofs[PROFILE_PIGMENT])
		json_object_set_new(body, "received", json_true()); /* and the ledger holds it to that */
	operation_record(operation, "pigment.loaded", body, NULL, pigment_committed);
}
