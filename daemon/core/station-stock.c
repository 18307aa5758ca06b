/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Stock: lots that come in, run low or are barred, and the mounted handpiece. The needle must not stay armed
 * with something that has been barred meanwhile. What a delivery must agree with is left to the ledger.
 */

#include "core/station-private.h"

#include <string.h>
#include <strings.h>

#include "util/digest.h"

static const char *text_of(const json_t *row, const char *column)
{
	const char *text = json_string_value(json_object_get(row, column));

	return text ? text : "";
}

/* ---- what is barred ---- */

/** A cartridge whose code named no product is taken for any: too many are barred rather than too few. */
static bool is_needle_lot(const Station *station, const json_t *row)
{
	const char *product = text_of(row, "product");

	return strcmp(text_of(row, "what"), "needle") == 0 &&
	       strcasecmp(text_of(row, "lot"), station->state.needle.mounted.lot) == 0 &&
	       (!*product || !station->state.needle.mounted.product[0] ||
		       strcmp(product, station->state.needle.mounted.product) == 0);
}

static bool is_pigment_lot(const Station *station, const json_t *row)
{
	return strcmp(text_of(row, "what"), "pigment") == 0 &&
	       strcasecmp(text_of(row, "lot"), station->state.session.pigment_lot) == 0 &&
	       strcmp(text_of(row, "product"), station->state.session.pigment_product) == 0;
}

static json_t *find_barred(const Station *station, bool (*is)(const Station *station, const json_t *row))
{
	json_t *row;
	size_t i;

	json_array_foreach (station_fact(station, STATION_FACT_BARRED), i, row)
		if (is(station, row))
			return row;
	return NULL;
}

/** The newest one mounted in this session; NULL none. */
static json_t *mounted_handpiece(const Station *station)
{
	json_t *row, *newest = NULL;
	json_int_t newest_seq = 0;
	size_t i;

	if (!station->state.session.number)
		return NULL;
	json_array_foreach (station_fact(station, STATION_FACT_HANDPIECES), i, row) {
		json_int_t seq = json_integer_value(json_object_get(row, "mounted_seq"));

		if ((uint64_t)json_integer_value(json_object_get(row, "session")) ==
				station->state.session.number &&
			seq > newest_seq) {
			newest = row;
			newest_seq = seq;
		}
	}
	return newest;
}

void station_stock_facts(const Station *station, InterlockFacts *facts)
{
	json_t *needle = station->state.needle.mounted.claim ? find_barred(station, is_needle_lot) : NULL;
	json_t *pigment = station->state.session.pigment[0] ? find_barred(station, is_pigment_lot) : NULL;
	json_t *handpiece = mounted_handpiece(station);

	if (needle) {
		facts->needle_lot = station->state.needle.mounted.lot;
		facts->needle_lot_status = text_of(needle, "status");
	}
	if (pigment) {
		facts->pigment_status = text_of(pigment, "status");
	}
	if (handpiece) {
		facts->handpiece = text_of(handpiece, "handpiece");
		facts->handpiece_blocked = json_string_value(json_object_get(handpiece, "blocked"));
	}
	facts->handpiece_required = station->options.config->handpiece_required;
}

void station_watch_barred(Station *station)
{
	InterlockFacts facts = { 0 };

	if (!station_may_move(station))
		return;
	station_stock_facts(station, &facts);
	if (!facts.needle_lot_status && !facts.pigment_status && !facts.handpiece_blocked)
		return;
	station_disarm_by_itself(station);
	station_alert(station, STATION_ALERT_BARRED,
		"what is mounted was barred just now: see what stands against arming, and change it");
}

/* ---- what runs low ---- */

static bool is_same_lot(const json_t *a, const json_t *b)
{
	return strcmp(text_of(a, "lot"), text_of(b, "lot")) == 0 &&
	       strcmp(text_of(a, "gtin"), text_of(b, "gtin")) == 0;
}

static bool has_lot(const json_t *rows, const json_t *lot)
{
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row)
		if (is_same_lot(row, lot))
			return true;
	return false;
}

void station_stock_changed(Station *station, const json_t *before, const json_t *now)
{
	json_t *row;
	size_t i;

	json_array_foreach (now, i, row) {
		if (has_lot(before, row))
			continue;
		station->alerted_us[STATION_ALERT_STOCK] = 0; /* each lot speaks for itself */
		station_alert(station, STATION_ALERT_STOCK,
			"lot %s (%s) has %lld cartridges left: order more", text_of(row, "lot"),
			text_of(row, "product"), (long long)json_integer_value(json_object_get(row, "left")));
	}
}

void station_check_stock(const Station *station, StationCheck *check)
{
	json_t *rows = station_fact(station, STATION_FACT_LOW_STOCK), *row;
	size_t i, used = 0;

	if (json_array_size(rows) == 0) {
		snprintf(check->text, sizeof check->text, "no lot is low");
		return;
	}
	check->level = 1;
	json_array_foreach (rows, i, row)
		if (used < sizeof check->text)
			used += (size_t)snprintf(check->text + used, sizeof check->text - used,
				"%slot %s has %lld left", i ? ", " : "", text_of(row, "lot"),
				(long long)json_integer_value(json_object_get(row, "left")));
	snprintf(check->advice, sizeof check->advice, "order more");
}

/* ---- lots that come in ---- */

/* an auditor only looks */
#define WHO_RECEIVES "technician supervisor administrator"

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
	Error error;

	if (needle_lot_check(
		    product ? product : "", json_string_value(json_object_get(lot, "lot")), &error) == 0)
		return true;
	operation_fail(operation, STATION_ERROR_INVALID, "product and lot cannot be those of a cartridge: %s",
		error.text);
	return false;
}

/** Every field as the contract has it; text of its length, or another type. 0: the kind's own check names it.
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

static bool lot_expiry_ok(Operation *operation, json_t *lot)
{
	const char *name = json_string_value(json_object_get(lot, "lot"));
	int64_t end;

	if (date_end_utc_us(json_string_value(json_object_get(lot, "expiry")), &end) == 0)
		return true;
	operation_fail(
		operation, STATION_ERROR_INVALID, "the expiry of lot %s is no date: write YYYY-MM-DD", name);
	return false;
}

/** Fields are those of a list, each of its length; those that are needed are there. */
static bool texts_ok(Operation *operation, json_t *fields, const LotField *list, size_t n)
{
	const char *key;
	json_t *value;

	for (size_t i = 0; i < n; i++)
		if (list[i].text_max &&
			!lot_text(operation, fields, list[i].key, list[i].needed, list[i].text_max))
			return false;
	json_object_foreach (fields, key, value) {
		bool known = false;

		for (size_t i = 0; i < n; i++)
			known = known || strcmp(key, list[i].key) == 0;
		if (!known) {
			operation_fail(operation, STATION_ERROR_INVALID,
				"a lot has no field \"%.32s\": check how it is written", key);
			return false;
		}
	}
	return true;
}

static void received(Operation *operation, const LedgerAnswer *answer)
{
	station_facts_then_done(operation);
}

void station_receive_lot(Station *station, json_t *lot, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, false, done, userdata);

	if (operation && operation_signed_in(operation, WHO_RECEIVES) &&
		texts_ok(operation, lot, lot_fields, ELEMENTS(lot_fields)) && lot_expiry_ok(operation, lot) &&
		lot_identity_ok(operation, lot))
		operation_record(operation, "lot.received", json_incref(lot), NULL, received);
}

/* ---- certificates ---- */

static const LotField certificate_fields[] = {
	{ "lot", true, 20 },
	{ "gtin", false, NEEDLE_PRODUCT_MAX - 1 },
	{ "certificate", false, 128 },
	{ "file", true, 128 },
};

void station_attach_certificate(
	Station *station, json_t *fields, const void *data, size_t size, StationDone done, void *userdata)
{
	Operation *operation = operation_new(station, false, done, userdata);
	char digest[DIGEST_HEX_MAX];

	if (!operation || !operation_signed_in(operation, WHO_RECEIVES) ||
		!texts_ok(operation, fields, certificate_fields, ELEMENTS(certificate_fields)))
		return;
	if (size == 0 || size > CERTIFICATE_MAX) {
		operation_fail(operation, STATION_ERROR_INVALID,
			"the certificate must have 1 byte to %d MB: scan it with fewer dots",
			CERTIFICATE_MAX >> 20);
		return;
	}
	if (digest_hex(data, size, digest) < 0 ||
		json_object_update_new(
			fields, json_pack("{s:s, s:I}", "sha256", digest, "bytes", (json_int_t)size)) < 0) {
		operation_fail(operation, STATION_ERROR_LEDGER, "the station is out of memory: restart it");
		return;
	}
	operation->attachment = data;
	operation->attachment_size = size;
	operation_record(operation, "lot.certificate", json_incref(fields), NULL, operation_committed);
}
