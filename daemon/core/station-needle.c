/* SPDX-License-Identifier: Apache-2.0 */
#include "core/station-private.h"

#include <string.h>

#include "util/digest.h"
#include "util/log.h"

static NeedleCodeOptions code_options(const Station *station)
{
	return (NeedleCodeOptions){
		.today_utc_us = clock_read(station->options.clock).utc_us,
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

static bool same_chip(const ChipId *a, const ChipId *b)
{
	return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
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

static void mounted(Station *station, const char *unit, const char *lot, const ChipId *chip, uint64_t claim)
{
	StationView *view = &station->view;

	snprintf(view->unit, sizeof view->unit, "%s", unit);
	snprintf(view->lot, sizeof view->lot, "%s", lot);
	view->needle_strokes = view->needle_dots = 0;
	station->claim = claim;
	station->claim_chip = *chip;
	station_notify(station, STATION_CHANGED_ZONE);
}

static void needle_claimed(Operation *operation, const LedgerAnswer *answer)
{
	Station *station = operation->station;
	const char *unit = answer->detail[0] ? answer->detail : operation->code.unit;

	station->view.needles_used++;
	mounted(station, unit, operation->code.lot, &operation->chip, answer->seq);
	snprintf(operation->reply.detail, sizeof operation->reply.detail, "%s", unit);
	operation_done(operation);
}

static void needle_refused(Operation *operation, const LedgerAnswer *answer)
{
	char text[STATION_TEXT_MAX];

	memcpy(text, operation->reply.text, sizeof text);
	operation_fail(operation, STATION_ERROR_NEEDLE, "%s", text);
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
		station_notify(operation->station, STATION_CHANGED_RECORDS);
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
	else
		operation_fail(operation, STATION_ERROR_LEDGER, "nothing was recorded: %s", answer->text);
}

static void claim_needle(Operation *operation, const char *code)
{
	Station *station = operation->station;
	char kept[2 * NEEDLE_CODE_MAX];
	LedgerRecord record = { .kind = "needle.claimed", .actor = station->view.badge };
	json_t *body;
	int r;

	printable_code(code, kept, sizeof kept);
	body = station_with_session(station, json_pack("{s:s, s:s, s:s}", "unit", operation->code.unit, "lot",
						     operation->code.lot, "code", kept));
	set_optional(body, "gtin", operation->code.product);
	set_optional(body, "serial", operation->code.serial);
	set_optional(body, "expiry", operation->code.expiry);
	if (body)
		set_chip(body, &operation->chip);
	operation->body = record.body = body;
	r = body ? ledger_append(station->options.ledger, &record, claim_answered, operation) : -ENOMEM;
	if (r < 0)
		operation_fail(operation, STATION_ERROR_LEDGER,
			"the ledger takes no more records now (%s): try again", strerror(-r));
}

static void needle_reseated(Operation *operation, const LedgerAnswer *answer)
{
	Station *station = operation->station;

	mounted(station, station->removed_unit, station->removed_lot, &operation->chip,
		station->removed_claim);
	snprintf(operation->reply.detail, sizeof operation->reply.detail, "%s", station->removed_unit);
	operation_done(operation);
}

/** The same chip put back within the same session and the bound is the one exception to no reuse. */
static bool may_reseat(const Station *station, const Operation *operation)
{
	return station->removed_claim && operation->chip.length > 0 && operation->code.unique &&
	       same_chip(&operation->chip, &station->removed_chip) &&
	       strcmp(operation->code.unit, station->removed_unit) == 0 &&
	       station_now_us(station) - station->removed_us <=
		       (int64_t)station->options.config->reseat_max_s * USEC_PER_SEC;
}

void station_mount_needle(Station *station, const char *code, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, true, done, userdata);
	char error[NEEDLE_CODE_TEXT_MAX];
	NeedleCodeOptions options = code_options(station);
	json_t *body;

	if (!operation || !operation_signed_in(operation, "technician") ||
		!operation_in_states(operation, STATE_BIT(SESSION_PREPARING) | STATE_BIT(SESSION_PAUSED)))
		return;
	if (station->claim) {
		operation_fail(operation, STATION_ERROR_STATE,
			"cartridge %s is still mounted: remove it first, then mount the next",
			station->view.unit);
		return;
	}
	if (strlen(code) > NEEDLE_CODE_MAX) {
		operation_fail(operation, STATION_ERROR_INVALID,
			"the code is longer than %d bytes: scan it again", NEEDLE_CODE_MAX);
		return;
	}
	if (needle_code_parse(code, &options, &operation->code, error) < 0) {
		operation_fail(operation, STATION_ERROR_NEEDLE, "the code cannot be read: %s", error);
		return;
	}
	operation->chip = station->view.chip;
	if (!may_reseat(station, operation)) {
		claim_needle(operation, code);
		return;
	}
	body = station_with_session(
		station, json_pack("{s:s, s:i}", "unit", station->removed_unit, "away_s",
				 (int)((station_now_us(station) - station->removed_us) / USEC_PER_SEC)));
	if (body)
		set_chip(body, &operation->chip);
	operation_record(operation, "needle.reseated", body, NULL, needle_reseated);
}

static json_t *removed_body(Station *station, const char *reason)
{
	StationView *view = &station->view;

	return station_with_session(station, json_pack("{s:s, s:I, s:I, s:s}", "unit", view->unit, "strokes",
						     (json_int_t)view->needle_strokes, "dots",
						     (json_int_t)view->needle_dots, "reason", reason));
}

static void needle_forget(Station *station)
{
	StationView *view = &station->view;

	memcpy(station->removed_unit, view->unit, sizeof station->removed_unit);
	memcpy(station->removed_lot, view->lot, sizeof station->removed_lot);
	station->removed_chip = station->claim_chip;
	station->removed_claim = station->claim;
	station->removed_us = station_now_us(station);
	station->claim = 0;
	view->unit[0] = view->lot[0] = '\0';
	station_notify(station, STATION_CHANGED_ZONE);
}

void station_needle_removed(Station *station, const char *reason)
{
	if (!station->claim)
		return;
	station_record(station, "needle.removed", removed_body(station, reason));
	needle_forget(station);
}

static void remove_committed(Operation *operation, const LedgerAnswer *answer)
{
	needle_forget(operation->station);
	operation_done(operation);
}

static void remove_disarmed(Operation *operation)
{
	char reason[STATION_NAME_MAX];

	snprintf(reason, sizeof reason, "%s", operation->query);
	station_flush_strokes(operation->station);
	operation_record(operation, "needle.removed", removed_body(operation->station, reason), NULL,
		remove_committed);
}

void station_remove_needle(Station *station, const char *reason, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, true, done, userdata);

	if (!operation || !operation_signed_in(operation, "technician") ||
		!operation_text_ok(operation, "the reason", reason, STATION_NAME_MAX - 1))
		return;
	if (!station->claim) {
		operation_fail(operation, STATION_ERROR_STATE, "no cartridge is mounted");
		return;
	}
	snprintf(operation->query, sizeof operation->query, "%s", reason);
	operation_disarm_then(operation, remove_disarmed);
}

/* ---- pigment ---- */

static void pigment_committed(Operation *operation, const LedgerAnswer *answer)
{
	Station *station = operation->station;
	const char *brand, *colour, *lot, *expiry;

	if (json_unpack(operation->body, "{s:s, s:s, s:s, s:s}", "brand", &brand, "colour", &colour, "lot",
		    &lot, "expiry", &expiry) == 0) {
		snprintf(station->view.pigment, sizeof station->view.pigment, "%s %s, lot %s", brand, colour,
			lot);
		(void)!date_end_utc_us(expiry, &station->pigment_expiry_utc_us);
	}
	station_notify(station, STATION_CHANGED_ZONE);
	operation_done(operation);
}

void station_load_pigment(Station *station, const char *brand, const char *colour, const char *lot,
	const char *expiry, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, true, done, userdata);
	int64_t end, now = clock_read(station->options.clock).utc_us;
	int64_t newest = station->options.ledger ? ledger_newest_utc(station->options.ledger) : 0;

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
	if (end < (now > newest ? now : newest)) {
		operation_fail(operation, interlock_error_name(INTERLOCK_PIGMENT),
			"pigment %s %s, lot %s, expired on %s: open another bottle", brand, colour, lot,
			expiry);
		return;
	}
	operation_record(operation, "pigment.loaded",
		station_with_session(station, json_pack("{s:s, s:s, s:s, s:s}", "brand", brand, "colour",
						      colour, "lot", lot, "expiry", expiry)),
		NULL, pigment_committed);
}

/* ---- inventory ---- */

/** Reads an optional text field of `lot`; false, and the operation failed, when it is no text. */
static bool lot_text(Operation *operation, json_t *lot, const char *key, bool needed, size_t limit)
{
	const char *value = json_string_value(json_object_get(lot, key));

	if (!needed && !json_object_get(lot, key))
		return true;
	return operation_text_ok(operation, key, value, limit);
}

/** The product's check digit and the lot's characters, by the rules that its cartridges are scanned by. */
static bool lot_identity_ok(Operation *operation, json_t *lot)
{
	const char *product = json_string_value(json_object_get(lot, "gtin"));
	char error[NEEDLE_CODE_TEXT_MAX];

	if (needle_lot_check(product ? product : "", json_string_value(json_object_get(lot, "lot")), error) ==
		0)
		return true;
	operation_fail(operation, STATION_ERROR_INVALID, "product and lot cannot be those of a cartridge: %s",
		error);
	return false;
}

void station_receive_lot(Station *station, json_t *lot, StationDone done, void *userdata)
{
	static const char *const keys[] = { "gtin", "lot", "product", "maker", "expiry", "quantity",
		"certificate" };
	Operation *operation = operation_new(station, false, done, userdata);
	json_t *quantity = json_object_get(lot, "quantity");
	const char *key;
	json_t *value;
	int64_t end;

	if (!operation || !lot_text(operation, lot, "lot", true, 20) ||
		!lot_text(operation, lot, "gtin", false, NEEDLE_PRODUCT_MAX - 1) ||
		!lot_text(operation, lot, "product", true, 64) ||
		!lot_text(operation, lot, "maker", true, 64) ||
		!lot_text(operation, lot, "expiry", true, 10) ||
		!lot_text(operation, lot, "certificate", false, 128))
		return;
	json_object_foreach (lot, key, value) {
		bool known = false;

		for (size_t i = 0; i < ELEMENTS(keys); i++)
			known = known || strcmp(key, keys[i]) == 0;
		if (!known) {
			operation_fail(
				operation, STATION_ERROR_INVALID, "unknown field \"%.32s\" of a lot", key);
			return;
		}
	}
	if (date_end_utc_us(json_string_value(json_object_get(lot, "expiry")), &end) < 0) {
		operation_fail(operation, STATION_ERROR_INVALID,
			"the expiry of lot %s is no date: write YYYY-MM-DD",
			json_string_value(json_object_get(lot, "lot")));
		return;
	}
	if (!json_is_integer(quantity) || json_integer_value(quantity) < 1 ||
		json_integer_value(quantity) > 100000) {
		operation_fail(
			operation, STATION_ERROR_INVALID, "the quantity must be 1 to 100000 cartridges");
		return;
	}
	if (!lot_identity_ok(operation, lot))
		return;
	operation_record(operation, "lot.received", json_incref(lot), NULL, operation_committed);
}
