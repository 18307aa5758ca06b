/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The materials of a session: cartridges, pigments, handpieces, and what became of their lots and loads. It
 * only takes rows: it must not ask the station.
 */

#include "report/report-materials.h"

#include "report/language.h"
#include "report/row-value.h"

/* ---- cartridges and pigments ---- */

void report_take_claim(Report *report, const json_t *row, const json_t *body)
{
	ReportCartridge cartridge = {
		.unit = row_text(body, "unit"),
		.gtin = row_text(body, "gtin"),
		.lot = row_text(body, "lot"),
		.expiry = row_text(body, "expiry"),
		.mounted = row_text(row, "time"),
	};

	g_array_append_val(report->cartridges, cartridge);
}

/** Finds the newest claim of the unit: a cartridge that was put back is removed a second time. */
void report_take_removal(Report *report, const json_t *row, const json_t *body)
{
	const char *unit = row_text(body, "unit");

	for (size_t i = report->cartridges->len; unit && i-- > 0;) {
		ReportCartridge *cartridge = report_cartridge(report, i);

		if (!cartridge->unit || strcmp(cartridge->unit, unit) != 0)
			continue;
		cartridge->removed = row_text(row, "time");
		cartridge->reason = row_text(body, "reason");
		cartridge->strokes = row_number(body, "strokes");
		cartridge->dots = row_number(body, "dots");
		return;
	}
}

void report_take_pigment(Report *report, const json_t *row, const json_t *body)
{
	ReportPigment pigment = {
		.brand = row_text(body, "brand"),
		.colour = row_text(body, "colour"),
		.lot = row_text(body, "lot"),
		.expiry = row_text(body, "expiry"),
		.time = row_text(row, "time"),
		.record = row_number(row, "seq"),
	};

	g_array_append_val(report->pigments, pigment);
}

static ReportPigment *pigment_at(const Report *report, guint i)
{
	return &g_array_index(report->pigments, ReportPigment, i);
}

/**
 * The zones that the needle worked in while the pigment was loaded, whatever was entered when it was loaded.
 */
bool report_take_zones(Report *report, const json_t *row)
{
	for (guint i = 0; i < report->pigments->len; i++) {
		ReportPigment *pigment = pigment_at(report, i);

		if (pigment->parts > 0 || pigment->record != row_number(row, "seq"))
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
			.brand = row_text(part, "brand"),
			.colour = row_text(part, "colour"),
			.lot = row_text(part, "lot"),
			.expiry = row_text(part, "expiry"),
			.parts = row_real(part, "parts"),
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

		if (pigment->parts > 0 || pigment->parted || !is_same_text(pigment->brand, "blend") ||
			!is_same_text(pigment->lot, row_text(row, "blend")))
			continue;
		pigment->parted = kept = true;
		add_parts(report, i, parts);
	}
	return kept;
}

/* ---- what became of lots ---- */

/** A field that limits which lots a record is about. */
static bool narrows_to(const json_t *body, const char *field, const char *is)
{
	const char *wanted = row_text(body, field);

	return !wanted || !is || strcmp(wanted, is) == 0;
}

/** Marks the materials that the record bars or releases; true when there were any. */
static bool mark_cartridges(Report *report, const json_t *body, const char *status)
{
	bool used = false;

	for (guint i = 0; i < report->cartridges->len; i++) {
		ReportCartridge *cartridge = report_cartridge(report, i);

		if (!is_same_text(cartridge->lot, row_text(body, "lot")) ||
			!narrows_to(body, "gtin", cartridge->gtin))
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

		if (!is_same_text(pigment->lot, row_text(body, "lot")) ||
			!narrows_to(body, "brand", pigment->brand) ||
			!narrows_to(body, "colour", pigment->colour))
			continue;
		pigment->barred = status;
		used = true;
	}
	return used;
}

bool report_take_status(Report *report, const json_t *row)
{
	const json_t *body = json_object_get(row, "body");
	const char *status = row_text(body, "status"), *reason = row_text(body, "reason");
	bool pigment = is_same_text(row_text(row, "kind"), "pigment.status");
	const char *barred = is_same_text(status, "released") ? NULL : status;

	if (!status ||
		!(pigment ? mark_pigments(report, body, barred) : mark_cartridges(report, body, barred)))
		return false;
	report_add_event(report, REPORT_EVENT_LOT, row,
		pigment ? _("Pigment lot %s, used in this session: %s%s%s%s")
			: _("Cartridge lot %s, used in this session: %s%s%s%s"),
		row_text(body, "lot"), _(status), reason ? " (" : "", reason ? reason : "",
		reason ? ")" : "");
	return true;
}

/** A cartridge whose removal is not on record: the station stopped, or the session goes on. */
static void take_what_is_known(ReportCartridge *cartridge, const json_t *row)
{
	cartridge->strokes = row_number(row, "strokes");
	cartridge->dots = row_number(row, "dots");
	cartridge->removed = row_text(row, "removed");
	cartridge->interrupted = is_same_text(row_text(row, "state"), "interrupted");
}

/** What became of a cartridge after the session. */
bool report_take_needle(Report *report, const json_t *row)
{
	for (size_t i = 0; i < report->cartridges->len; i++) {
		ReportCartridge *cartridge = report_cartridge(report, i);

		if (!is_same_text(cartridge->unit, row_text(row, "unit")))
			continue;
		cartridge->container = row_text(row, "container");
		if (!cartridge->removed)
			take_what_is_known(cartridge, row);
		return true;
	}
	return false;
}

/** The receipt of the lot, noted for every cartridge of it. */
bool report_take_lot(Report *report, const json_t *row)
{
	bool kept = false;

	for (size_t i = 0; i < report->cartridges->len; i++) {
		ReportCartridge *cartridge = report_cartridge(report, i);
		const char *gtin = row_text(row, "gtin");

		if (!is_same_text(cartridge->lot, row_text(row, "lot")) ||
			(cartridge->gtin && gtin && !is_same_text(cartridge->gtin, gtin)))
			continue;
		cartridge->product = row_text(row, "product");
		cartridge->maker = row_text(row, "maker");
		cartridge->certificate = row_text(row, "certificate");
		if (!cartridge->expiry)
			cartridge->expiry = row_text(row, "expiry");
		kept = true;
	}
	return kept;
}

/* ---- handpieces ---- */

void report_take_handpiece(Report *report, const json_t *row, const json_t *body)
{
	ReportHandpiece piece = { .handpiece = row_text(body, "handpiece"),
		.mounted = row_text(row, "time") };

	for (size_t i = 0; i < report->handpieces->len; i++)
		if (is_same_text(
			    g_array_index(report->handpieces, ReportHandpiece, i).handpiece, piece.handpiece))
			return;
	if (piece.handpiece)
		g_array_append_val(report->handpieces, piece);
}

static bool holds(const json_t *contents, const char *item)
{
	size_t i;
	json_t *held;

	json_array_foreach (contents, i, held)
		if (is_same_text(json_string_value(held), item))
			return true;
	return false;
}

/**
 * The last cycle that was released before the handpiece was mounted. Times of the same form compare as text.
 */
bool report_take_cycle(Report *report, const json_t *row)
{
	const char *released = row_text(row, "released");
	bool kept = false;

	for (size_t i = 0; released && i < report->handpieces->len; i++) {
		ReportHandpiece *piece = &g_array_index(report->handpieces, ReportHandpiece, i);

		if (!holds(json_object_get(row, "contents"), piece->handpiece) || !piece->mounted ||
			strcmp(released, piece->mounted) > 0 ||
			(piece->released && strcmp(piece->released, released) > 0))
			continue;
		piece->steriliser = row_text(row, "sterilizer");
		piece->cycle = row_number(row, "cycle");
		piece->series = row_number(row, "series");
		piece->started = row_text(row, "started");
		piece->mechanical = row_text(row, "mechanical");
		piece->integrator = row_text(row, "integrator");
		piece->chemical = row_text(row, "chemical");
		piece->released = released;
		piece->released_by = row_text(row, "released_by");
		piece->rejected = row_text(row, "rejected");
		piece->rejected_by = row_text(row, "rejected_by");
		piece->rejected_reason = row_text(row, "rejected_reason");
		kept = true;
	}
	return kept;
}

/** Adds each test and load once, however often its items were used. */
bool report_take_doubt(Report *report, const json_t *row)
{
	ReportDoubt doubt = {
		.steriliser = row_text(row, "sterilizer"),
		.cycle = row_number(row, "cycle"),
		.series = row_number(row, "series"),
		.test = row_number(row, "test"),
		.tested = row_text(row, "tested"),
		.cleared = row_text(row, "cleared"),
		.action = row_text(row, "action"),
	};

	for (guint i = 0; i < report->doubts->len; i++) {
		const ReportDoubt *known = &g_array_index(report->doubts, ReportDoubt, i);

		if (known->test == doubt.test && known->cycle == doubt.cycle &&
			known->series == doubt.series && is_same_text(known->steriliser, doubt.steriliser))
			return false;
	}
	g_array_append_val(report->doubts, doubt);
	return true;
}
