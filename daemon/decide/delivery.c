/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Decides about deliveries of lots, their certificates, and labels that the clinic prints. The ledger checks
 * that a delivery agrees with the record, and gives the serials of labels.
 */

#include "decide/decision.h"
#include "util/needle-configuration.h"

#include <string.h>

/* not the auditor, who only reads */
#define WHO_RECEIVES "technician supervisor administrator"

/**
 * A field of the D-Bus contract: a text of at most this length, or 0 for another type, which the kind's own
 * check examines.
 */
typedef struct LotField {
	const char *key;
	bool needed;
	size_t text_max;
} LotField;

static const LotField lot_fields[] = {
	{ "lot", true, 20 },
	{ "gtin", false, NEEDLE_PRODUCT_MAX - 1 },
	{ "product", true, 64 },
	{ "configuration", false, 32 },
	{ "maker", true, 64 },
	{ "expiry", true, 10 },
	{ "quantity", true, 0 },
	{ "supplier", false, 64 },
	{ "purchase", false, 64 },
	{ "certificate", false, 128 },
	{ "certificate_file", false, 128 },
	{ "certificate_sha256", false, 64 },
	{ "membrane", false, 0 },
	{ "membrane_reference", false, 64 },
	{ "low_stock", false, 0 },
	{ "serialised", false, 0 },
};

static const LotField certificate_fields[] = {
	{ "lot", true, 20 },
	{ "gtin", false, NEEDLE_PRODUCT_MAX - 1 },
	{ "certificate", false, 128 },
	{ "file", true, 128 },
};

static bool has_field(const LotField *list, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(key, list[i].key) == 0)
			return true;
	return false;
}

/** All fields are in the list and not too long, and required fields are present. */
static bool require_fields(const json_t *fields, const LotField *list, size_t n, Decision *ret)
{
	const char *key;
	json_t *value;

	for (size_t i = 0; i < n; i++)
		if (list[i].text_max && (list[i].needed || json_object_get(fields, list[i].key)) &&
			!require_text(list[i].key, json_string_value(json_object_get(fields, list[i].key)),
				list[i].text_max, ret))
			return false;
	json_object_foreach ((json_t *)fields, key, value)
		if (!has_field(list, n, key)) {
			decide_refusal(ret, STATION_ERROR_INVALID,
				"a lot has no field \"%.32s\": check how it is written", key);
			return false;
		}
	return true;
}

/** Checks the product's check digit and the lot's characters, by the rules for scanning its cartridges. */
static bool require_identity(const json_t *lot, Decision *ret)
{
	Error error;

	if (needle_lot_check(row_text(lot, "gtin"), row_text(lot, "lot"), &error) == 0)
		return true;
	decide_refusal(
		ret, STATION_ERROR_INVALID, "product and lot cannot be those of a cartridge: %s", error.text);
	return false;
}

/** What is received must be readable, so that a lot can be judged by it; a lot without one may be received.
 */
static bool require_configuration(const json_t *lot, Decision *ret)
{
	const char *text = json_string_value(json_object_get(lot, "configuration"));
	NeedleConfiguration read;
	Error error;

	if (!text || needle_configuration_parse(text, &read, &error) == 0)
		return true;
	decide_refusal(ret, STATION_ERROR_INVALID, "%s", error.text);
	return false;
}

static void decide_lot(const State *state, const Command *command, Decision *ret)
{
	json_t *lot = json_object_get(command->asked, "lot");
	int64_t end;

	if (command->stage == 1) {
		decide_effect(ret, EFFECT_REFRESH_FACTS);
		return;
	}
	if (command->stage == 2) {
		decide_done(ret);
		return;
	}
	if (!require_signed_in(state, command, WHO_RECEIVES, ret) ||
		!require_fields(lot, lot_fields, ELEMENTS(lot_fields), ret))
		return;
	if (date_end_utc_us(row_text(lot, "expiry"), &end) < 0) {
		decide_refusal(ret, STATION_ERROR_INVALID,
			"the expiry of lot %s is no date: write YYYY-MM-DD", row_text(lot, "lot"));
		return;
	}
	if (require_identity(lot, ret) && require_configuration(lot, ret))
		decide_record_and_go_on(ret, "lot.received", json_incref(lot));
}

const CommandSpec command_receive_lot = { .decide = decide_lot };

static void decide_certificate(const State *state, const Command *command, Decision *ret)
{
	const json_t *fields = json_object_get(command->asked, "fields");

	if (require_signed_in(state, command, WHO_RECEIVES, ret) &&
		require_fields(fields, certificate_fields, ELEMENTS(certificate_fields), ret) &&
		require_file(command, "the certificate", "scan it with fewer dots", ret))
		decide_attached(command, "lot.certificate", json_copy((json_t *)fields), ret);
}

const CommandSpec command_certificate = { .decide = decide_certificate };

/* ---- labels ---- */

static const LotField label_fields[] = {
	{ "lot", true, 20 },
	{ "gtin", false, NEEDLE_PRODUCT_MAX - 1 },
	{ "count", false, 0 },
};

static const LotField reprint_fields[] = {
	{ "lot", true, 20 },
	{ "gtin", false, NEEDLE_PRODUCT_MAX - 1 },
	{ "first", true, 0 },
	{ "count", true, 0 },
	{ "reason", true, FORM_TEXT_MAX },
};

static const LotField pack_fields[] = {
	{ "sterilizer", true, 128 },
	{ "cycle", true, 0 },
	{ "series", false, 0 },
	{ "items", false, FORM_TEXT_MAX },
	{ "reason", false, FORM_TEXT_MAX },
};

/** What to print is read from the record that was just made, so that nothing is printed that is not in it. */
static void answer_labels(const Command *command, const char *question, Decision *ret)
{
	json_t *rows = found_rows(command, question);

	if (!rows) {
		decide_look_up(ret, question,
			json_pack("{s:I}", "record", (json_int_t)command->answer.number), "the labels");
		return;
	}
	decide_done(ret);
	ret->figures = json_pack("{s:O}", "labels", rows);
}

static void decide_labels(const State *state, const Command *command, const char *kind, const char *question,
	const LotField *list, size_t n, Decision *ret)
{
	const json_t *fields = json_object_get(command->asked, "fields");
	const char *items = json_string_value(json_object_get(fields, "items"));
	json_t *body;

	if (command->recorded > 0) {
		answer_labels(command, question, ret);
		return;
	}
	if (!require_signed_in(state, command, WHO_RECEIVES, ret) || !require_clock(state, ret) ||
		!require_fields(fields, list, n, ret))
		return;
	body = json_copy((json_t *)fields);
	if (items && json_object_set_new(body, "items", form_list(items)) < 0) {
		json_decref(body);
		decide_no_memory(ret);
		return;
	}
	decide_record_and_go_on(ret, kind, body);
}

static void decide_unit_labels(const State *state, const Command *command, Decision *ret)
{
	decide_labels(state, command, "lot.labelled", "labels", label_fields, ELEMENTS(label_fields), ret);
}

static void decide_reprint(const State *state, const Command *command, Decision *ret)
{
	decide_labels(
		state, command, "lot.relabelled", "labels", reprint_fields, ELEMENTS(reprint_fields), ret);
}

static void decide_pack_labels(const State *state, const Command *command, Decision *ret)
{
	decide_labels(state, command, "pack.labelled", "packs", pack_fields, ELEMENTS(pack_fields), ret);
}

const CommandSpec command_label_units = { .decide = decide_unit_labels };
const CommandSpec command_label_again = { .decide = decide_reprint };
const CommandSpec command_label_packs = { .decide = decide_pack_labels };
