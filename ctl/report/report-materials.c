/* SPDX-License-Identifier: Apache-2.0 */

/**
 * With what a session was done: cartridges, pigments, handpieces, and what became of their lots and loads. It
 * only takes rows: it asks the station nothing.
 */

#include "report/report-rows.h"

#include <string.h>

/* ---- cartridges and pigments ---- */

void report_take_claim(Report *report, const json_t *row, const json_t *body)
{
	ReportCartridge cartridge = {
		.unit = text_of(body, "unit"),
		.gtin = text_of(body, "gtin"),
		.lot = text_of(body, "lot"),
		.expiry = text_of(body, "expiry"),
		.mounted = text_of(row, "time"),
	};

	g_array_append_val(report->cartridges, cartridge);
}

/** The newest claim of the unit: a cartridge that was put back is removed a second time. */
void report_take_removal(Report *report, const json_t *row, const json_t *body)
{
	const char *unit = text_of(body, "unit");

	for (size_t i = report->cartridges->len; unit && i-- > 0;) {
		ReportCartridge *cartridge = report_cartridge(report, i);

		if (!cartridge->unit || strcmp(cartridge->unit, unit) != 0)
			continue;
		cartridge->removed = text_of(row, "time");
		cartridge->reason = text_of(body, "reason");
		cartridge->strokes = number_of(body, "strokes");
		cartridge->dots = number_of(body, "dots");
		return;
	}
}

void report_take_pigment(Report *report, const json_t *row, const json_t *body)
{
	ReportPigment pigment = {
		.brand = text_of(body, "brand"),
		.colour = text_of(body, "colour"),
		.lot = text_of(body, "lot"),
		.expiry = text_of(body, "expiry"),
		.time = text_of(row, "time"),
		.record = number_of(row, "seq"),
	};

	g_array_append_val(report->pigments, pigment);
}

static ReportPigment *pigment_at(const Report *report, guint i)
{
	return &g_array_index(report->pigments, ReportPigment, i);
}

/** Where the needle went while it was loaded, whatever was said when it was. */
bool report_take_zones(Report *report, const json_t *row)
{
	for (guint i = 0; i < report->pigments->len; i++) {
		ReportPigment *pigment = pigment_at(report, i);

		if (pigment->parts > 0 || pigment->record != number_of(row, "seq"))
			continue;
		pigment->zones = json_object_get(row, "zones");
		return true;
	}
	return false;
}

static void add_parts(Report *report, guint blend, const json_t *parts)
{
	size_t i;
	json_t *part;

	json_array_foreach (parts, i, part) {
		ReportPigment pigment = {
			.brand = text_of(part, "brand"),
			.colour = text_of(part, "colour"),
			.lot = text_of(part, "lot"),
			.expiry = text_of(part, "expiry"),
			.parts = real_of(part, "parts"),
		};

		g_array_insert_val(report->pigments, blend + 1 + (guint)i, pigment);
	}
}

bool report_take_blend(Report *report, const json_t *row)
{
	const json_t *parts = json_object_get(row, "parts");
	bool kept = false;

	for (guint i = 0; i < report->pigments->len; i++) {
		ReportPigment *pigment = pigment_at(report, i);

		if (pigment->parts > 0 || pigment->parted || !same(pigment->brand, "blend") ||
			!same(pigment->lot, text_of(row, "blend")))
			continue;
		pigment->parted = kept = true;
		add_parts(report, i, parts);
	}
	return kept;
}

/* ---- what became of lots ---- */

/** Of a field that narrows which lots a record is about. */
static bool fits(const json_t *body, const char *field, const char *is)
{
	const char *wanted = text_of(body, field);

	return !wanted || !is || strcmp(wanted, is) == 0;
}

/** Marks what the record bars, or bars no more; whether there was any. */
static bool mark_cartridges(Report *report, const json_t *body, const char *status)
{
	bool used = false;

	for (guint i = 0; i < report->cartridges->len; i++) {
		ReportCartridge *cartridge = report_cartridge(report, i);

		if (!same(cartridge->lot, text_of(body, "lot")) || !fits(body, "gtin", cartridge->gtin))
			continue;
		cartridge->barred = status;
		used = true;
	}
	return used;
}

static bool mark_pigments(Report *report, const json_t *body, const char *status)
{
	bool used = false;

	for (guint i = 0; i < report->pigments->len; i++) {
		ReportPigment *pigment = pigment_at(report, i);

		if (!same(pigment->lot, text_of(body, "lot")) || !fits(body, "brand", pigment->brand) ||
			!fits(body, "colour", pigment->colour))
			continue;
		pigment->barred = status;
		used = true;
	}
	return used;
}

bool report_take_status(Report *report, const json_t *row)
{
	const json_t *body = json_object_get(row, "body");
	const char *status = text_of(body, "status"), *reason = text_of(body, "reason");
	bool pigment = same(text_of(row, "kind"), "pigment.status");
	const char *barred = same(status, "released") ? NULL : status;

	if (!status ||
		!(pigment ? mark_pigments(report, body, barred) : mark_cartridges(report, body, barred)))
		return false;
	report_add_event(report, REPORT_EVENT_LOT, row, "%s lot %s, used in this session: %s%s%s%s",
		pigment ? "Pigment" : "Cartridge", text_of(body, "lot"), status, reason ? " (" : "",
		reason ? reason : "", reason ? ")" : "");
	return true;
}

/** Of one whose removal is not on record: the station stopped, or the session goes on. */
static void take_what_is_known(ReportCartridge *cartridge, const json_t *row)
{
	cartridge->strokes = number_of(row, "strokes");
	cartridge->dots = number_of(row, "dots");
	cartridge->removed = text_of(row, "removed");
	cartridge->interrupted = same(text_of(row, "state"), "interrupted");
}

/** What became of a cartridge after the session. */
bool report_take_needle(Report *report, const json_t *row)
{
	for (size_t i = 0; i < report->cartridges->len; i++) {
		ReportCartridge *cartridge = report_cartridge(report, i);

		if (!same(cartridge->unit, text_of(row, "unit")))
			continue;
		cartridge->container = text_of(row, "container");
		if (!cartridge->removed)
			take_what_is_known(cartridge, row);
		return true;
	}
	return false;
}

/** What was received with the lot, for every cartridge of it. */
bool report_take_lot(Report *report, const json_t *row)
{
	bool kept = false;

	for (size_t i = 0; i < report->cartridges->len; i++) {
		ReportCartridge *cartridge = report_cartridge(report, i);
		const char *gtin = text_of(row, "gtin");

		if (!same(cartridge->lot, text_of(row, "lot")) ||
			(cartridge->gtin && gtin && !same(cartridge->gtin, gtin)))
			continue;
		cartridge->product = text_of(row, "product");
		cartridge->maker = text_of(row, "maker");
		cartridge->certificate = text_of(row, "certificate");
		if (!cartridge->expiry)
			cartridge->expiry = text_of(row, "expiry");
		kept = true;
	}
	return kept;
}

/* ---- handpieces ---- */

void report_take_handpiece(Report *report, const json_t *row, const json_t *body)
{
	ReportHandpiece piece = { .handpiece = text_of(body, "handpiece"), .mounted = text_of(row, "time") };

	for (size_t i = 0; i < report->handpieces->len; i++)
		if (same(g_array_index(report->handpieces, ReportHandpiece, i).handpiece, piece.handpiece))
			return;
	if (piece.handpiece)
		g_array_append_val(report->handpieces, piece);
}

static bool holds(const json_t *contents, const char *item)
{
	size_t i;
	json_t *held;

	json_array_foreach (contents, i, held)
		if (same(json_string_value(held), item))
			return true;
	return false;
}

/** The last one that was released before the handpiece was mounted. Times of one form compare as text. */
bool report_take_cycle(Report *report, const json_t *row)
{
	const char *released = text_of(row, "released");
	bool kept = false;

	for (size_t i = 0; released && i < report->handpieces->len; i++) {
		ReportHandpiece *piece = &g_array_index(report->handpieces, ReportHandpiece, i);

		if (!holds(json_object_get(row, "contents"), piece->handpiece) || !piece->mounted ||
			strcmp(released, piece->mounted) > 0 ||
			(piece->released && strcmp(piece->released, released) > 0))
			continue;
		piece->steriliser = text_of(row, "sterilizer");
		piece->cycle = number_of(row, "cycle");
		piece->series = number_of(row, "series");
		piece->started = text_of(row, "started");
		piece->mechanical = text_of(row, "mechanical");
		piece->integrator = text_of(row, "integrator");
		piece->chemical = text_of(row, "chemical");
		piece->released = released;
		piece->released_by = text_of(row, "released_by");
		piece->rejected = text_of(row, "rejected");
		piece->rejected_by = text_of(row, "rejected_by");
		piece->rejected_reason = text_of(row, "rejected_reason");
		kept = true;
	}
	return kept;
}

/** Once for each test and load, however often its items were used. */
bool report_take_doubt(Report *report, const json_t *row)
{
	ReportDoubt doubt = {
		.steriliser = text_of(row, "sterilizer"),
		.cycle = number_of(row, "cycle"),
		.series = number_of(row, "series"),
		.test = number_of(row, "test"),
		.tested = text_of(row, "tested"),
		.cleared = text_of(row, "cleared"),
		.action = text_of(row, "action"),
	};

	for (guint i = 0; i < report->doubts->len; i++) {
		const ReportDoubt *known = &g_array_index(report->doubts, ReportDoubt, i);

		if (known->test == doubt.test && known->cycle == doubt.cycle &&
			known->series == doubt.series && same(known->steriliser, doubt.steriliser))
			return false;
	}
	g_array_append_val(report->doubts, doubt);
	return true;
}
