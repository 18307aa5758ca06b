/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Judges stock: lots that are barred or run low, and deliveries. The ledger checks that a delivery agrees
 * with the record.
 */

#include "decide/stock.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "decide/decision.h"

/* ---- what is barred ---- */

/** A cartridge whose code named no product matches any product: better to bar too many than too few. */
static bool is_needle_lot(const State *state, const json_t *row)
{
	const Cartridge *mounted = &state->needle.mounted;
	const char *product = row_text(row, "product");

	return strcmp(row_text(row, "what"), "needle") == 0 &&
	       strcasecmp(row_text(row, "lot"), mounted->lot) == 0 &&
	       (!*product || !mounted->product[0] || strcmp(product, mounted->product) == 0);
}

static bool is_pigment_lot(const State *state, const json_t *row)
{
	return strcmp(row_text(row, "what"), "pigment") == 0 &&
	       strcasecmp(row_text(row, "lot"), state->session.pigment_lot) == 0 &&
	       strcmp(row_text(row, "product"), state->session.pigment_product) == 0;
}

static const json_t *find_barred(const State *state, bool (*is)(const State *state, const json_t *row))
{
	json_t *row;
	size_t i;

	json_array_foreach (state->facts.rows[FACT_BARRED], i, row)
		if (is(state, row))
			return row;
	return NULL;
}

const json_t *stock_mounted_handpiece(const State *state)
{
	const json_t *newest = NULL;
	json_int_t newest_seq = 0;
	json_t *row;
	size_t i;

	if (!state->session.number)
		return NULL;
	json_array_foreach (state->facts.rows[FACT_HANDPIECES], i, row) {
		json_int_t seq = json_integer_value(json_object_get(row, "mounted_seq"));

		if ((uint64_t)json_integer_value(json_object_get(row, "session")) == state->session.number &&
			seq > newest_seq) {
			newest = row;
			newest_seq = seq;
		}
	}
	return newest;
}

void stock_facts(const State *state, InterlockFacts *facts)
{
	const json_t *needle = state->needle.mounted.claim ? find_barred(state, is_needle_lot) : NULL;
	const json_t *pigment = state->session.pigment[0] ? find_barred(state, is_pigment_lot) : NULL;
	const json_t *handpiece = stock_mounted_handpiece(state);

	if (needle) {
		facts->needle_lot = state->needle.mounted.lot;
		facts->needle_lot_status = row_text(needle, "status");
	}
	if (pigment)
		facts->pigment_status = row_text(pigment, "status");
	if (handpiece) {
		facts->handpiece = row_text(handpiece, "handpiece");
		facts->handpiece_blocked = json_string_value(json_object_get(handpiece, "blocked"));
	}
	facts->handpiece_required = state->rules.config->handpiece_required;
}

bool stock_is_barred(const State *state)
{
	InterlockFacts facts = { 0 };

	stock_facts(state, &facts);
	return facts.needle_lot_status || facts.pigment_status || facts.handpiece_blocked;
}

/* ---- what runs low ---- */

bool stock_has_lot(const json_t *rows, const json_t *lot)
{
	json_t *row;
	size_t i;

	json_array_foreach ((json_t *)rows, i, row)
		if (strcmp(row_text(row, "lot"), row_text(lot, "lot")) == 0 &&
			strcmp(row_text(row, "gtin"), row_text(lot, "gtin")) == 0)
			return true;
	return false;
}

void stock_check(const State *state, StationCheck *check)
{
	const json_t *rows = state->facts.rows[FACT_LOW_STOCK];
	size_t i, used = 0;
	json_t *row;

	if (json_array_size(rows) == 0) {
		snprintf(check->text, sizeof check->text, "no lot is low");
		return;
	}
	check->level = 1;
	json_array_foreach ((json_t *)rows, i, row)
		if (used < sizeof check->text)
			used += (size_t)snprintf(check->text + used, sizeof check->text - used,
				"%slot %s has %lld left", i ? ", " : "", row_text(row, "lot"),
				(long long)json_integer_value(json_object_get(row, "left")));
	snprintf(check->advice, sizeof check->advice, "order more");
}
