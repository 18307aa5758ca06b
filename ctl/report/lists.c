/* SPDX-License-Identifier: Apache-2.0 */
#include <math.h>
#include <string.h>

#include "report/session-pages.h"

static G_GNUC_PRINTF(2, 3) void add(Table *table, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	table_add(table, text);
}

static void add_text(Table *table, const char *text)
{
	table_add(table, text ? strdup(text) : NULL);
}

static void add_clock(Table *table, const char *utc)
{
	char text[REPORT_TIME_MAX];

	table_add(table, utc ? strdup(report_time(utc, REPORT_CLOCK, text)) : NULL);
}

Table *list_zones(const Report *report)
{
	static const TableColumn columns[] = {
		{ "Zone", 0.27, ALIGN_START, STYLE_STRONG },
		{ "Skin", 0.13, ALIGN_START, STYLE_BODY },
		{ "cm\xc2\xb2", 0.11, ALIGN_END, STYLE_BODY },
		{ "Dots", 0.14, ALIGN_END, STYLE_BODY },
		{ "Dots/cm\xc2\xb2", 0.18, ALIGN_END, STYLE_BODY },
		{ "Outside", 0.17, ALIGN_END, STYLE_BODY },
	};
	Table *table = table_new(columns, ELEMENTS(columns));

	for (size_t i = 0; i < report->zones->len; i++) {
		const ReportZone *zone = &g_array_index(report->zones, ReportZone, i);
		char title[REPORT_SECTION_MAX];

		report_title_of(zone->zone, title);
		add_text(table, title);
		add_text(table, zone->skin_type);
		add(table, "%.1f", zone->area_mm2 / 100);
		add(table, "%lld", (long long)zone->dots);
		add(table, "%.0f of %.0f", zone->density, zone->target);
		if (zone->dots)
			add(table, "%.1f %%", zone->outside * 100);
		else
			table_add(table, NULL);
	}
	return table;
}

/** What tells one cartridge of a lot from another: GTIN and lot have columns of their own. */
static const char *short_unit(const ReportCartridge *cartridge)
{
	const char *serial = cartridge->unit ? strstr(cartridge->unit, "(21)") : NULL;
	const char *number = cartridge->unit ? strrchr(cartridge->unit, '#') : NULL;

	return serial ? serial + 4 : number ? number : cartridge->unit;
}

Table *list_cartridges(const Report *report)
{
	static const TableColumn columns[] = {
		{ "#", 0.035, ALIGN_START, STYLE_BODY },
		{ "Serial or unit", 0.15, ALIGN_START, STYLE_STRONG },
		{ "Product", 0.175, ALIGN_START, STYLE_BODY },
		{ "Lot", 0.11, ALIGN_START, STYLE_BODY },
		{ "Expiry", 0.095, ALIGN_START, STYLE_BODY },
		{ "Certificate of the lot", 0.16, ALIGN_START, STYLE_BODY },
		{ "Mounted", 0.105, ALIGN_START, STYLE_BODY },
		{ "Strokes", 0.075, ALIGN_END, STYLE_BODY },
		{ "Sharps box", 0.095, ALIGN_START, STYLE_BODY },
	};
	Table *table = table_new(columns, ELEMENTS(columns));

	for (size_t i = 0; i < report->cartridges->len; i++) {
		const ReportCartridge *cartridge = report_cartridge(report, i);
		char from[REPORT_TIME_MAX], to[REPORT_TIME_MAX];

		add(table, "%zu", i + 1);
		add_text(table, short_unit(cartridge));
		if (cartridge->product)
			add(table, "%s%s%s", cartridge->product, cartridge->maker ? ", " : "",
				cartridge->maker ? cartridge->maker : "");
		else
			table_add(table, NULL);
		add_text(table, cartridge->lot);
		add_text(table, cartridge->expiry);
		add_text(table, cartridge->certificate);
		add(table, "%s\xe2\x80\x93%s", report_time(cartridge->mounted, REPORT_CLOCK, from),
			report_time(cartridge->removed, REPORT_CLOCK, to));
		add(table, "%lld", (long long)cartridge->strokes);
		add_text(table, cartridge->container);
	}
	return table;
}

Table *list_pigments(const Report *report)
{
	static const TableColumn columns[] = {
		{ "Brand", 0.27, ALIGN_START, STYLE_STRONG },
		{ "Colour", 0.18, ALIGN_START, STYLE_BODY },
		{ "Lot", 0.15, ALIGN_START, STYLE_BODY },
		{ "Zone", 0.15, ALIGN_START, STYLE_BODY },
		{ "Expiry", 0.14, ALIGN_START, STYLE_BODY },
		{ "Loaded", 0.11, ALIGN_START, STYLE_BODY },
	};
	Table *table = table_new(columns, ELEMENTS(columns));

	for (size_t i = 0; i < report->pigments->len; i++) {
		const ReportPigment *pigment = &g_array_index(report->pigments, ReportPigment, i);
		char zone[REPORT_SECTION_MAX];

		add_text(table, pigment->brand);
		add_text(table, pigment->colour);
		add_text(table, pigment->lot);
		report_title_of(pigment->zone ? pigment->zone : "all", zone);
		add_text(table, zone);
		add_text(table, pigment->expiry);
		add_clock(table, pigment->time);
	}
	return table;
}

Table *list_events(const Report *report)
{
	static const TableColumn columns[] = {
		{ "Time", 0.08, ALIGN_START, STYLE_BODY },
		{ "Kind", 0.12, ALIGN_START, STYLE_STRONG },
		{ "What happened", 0.65, ALIGN_START, STYLE_BODY },
		{ "Recorded by", 0.15, ALIGN_START, STYLE_BODY },
	};
	Table *table = table_new(columns, ELEMENTS(columns));

	for (size_t i = 0; i < report->events->len; i++) {
		const ReportEvent *event = &g_array_index(report->events, ReportEvent, i);

		add_clock(table, event->time);
		add_text(table, report_event_kind_to_string(event->kind));
		add_text(table, event->text);
		add_text(table, event->actor);
	}
	return table;
}

/* ---- sentences ---- */

char *words_screening(const Report *report)
{
	GString *text = g_string_new(NULL);

	if (report->questions == 0)
		g_string_append(text, "No screening is on record.");
	else if (report->yes->len == 0)
		g_string_append_printf(
			text, "All %lld questions were answered with no.", (long long)report->questions);
	else
		g_string_append_printf(
			text, "%lld questions; answered with yes: ", (long long)report->questions);
	for (size_t i = 0; i < report->yes->len; i++) {
		char title[REPORT_SECTION_MAX];

		report_title_of(g_ptr_array_index(report->yes, i), title);
		g_string_append_printf(text, "%s%s", title, i + 1 < report->yes->len ? ", " : ".");
	}
	return g_string_free(text, false);
}

char *words_consents(const Report *report)
{
	GString *text = g_string_new(report->consents->len ? NULL : "No consent is on record.");

	for (size_t i = 0; i < report->consents->len; i++) {
		const ReportConsent *consent = &g_array_index(report->consents, ReportConsent, i);
		char title[REPORT_SECTION_MAX];

		report_title_of(consent->consent, title);
		g_string_append_printf(text, "%s%s: %s (form %s)", i ? "; " : "", title,
			consent->given ? "given" : "withdrawn",
			consent->version ? consent->version : "without version");
	}
	if (report->consents->len)
		g_string_append_c(text, '.');
	return g_string_free(text, false);
}

static void say_handpiece(GString *text, const ReportHandpiece *piece)
{
	char time[REPORT_TIME_MAX];

	if (!piece->released) {
		g_string_append_printf(
			text, "Handpiece %s: no released cycle is on record.", piece->handpiece);
		return;
	}
	g_string_append_printf(text, "Handpiece %s: steriliser %s, cycle %lld of %s", piece->handpiece,
		piece->steriliser ? piece->steriliser : "not named", (long long)piece->cycle,
		report_time(piece->started, REPORT_MINUTE, time));
	g_string_append_printf(text, "; class V integrator: %s; chemical indicator: %s",
		piece->integrator ? piece->integrator : "not on record",
		piece->chemical ? piece->chemical : "not on record");
	g_string_append_printf(
		text, "; released by %s.", piece->released_by ? piece->released_by : "nobody named");
}

char *words_handpieces(const Report *report)
{
	GString *text = g_string_new(NULL);

	if (report->handpieces->len == 0)
		g_string_append(text,
			"No reusable handpiece is on record for this session. Cartridges are sterile "
			"single-use articles; the certificates of their lots stand in their list.");
	for (size_t i = 0; i < report->handpieces->len; i++) {
		if (i)
			g_string_append_c(text, ' ');
		say_handpiece(text, &g_array_index(report->handpieces, ReportHandpiece, i));
	}
	return g_string_free(text, false);
}

static char *words_unsigned(const Report *report)
{
	switch (report->outcome) {
	case REPORT_ABANDONED:
		return g_strdup_printf("This session is not signed. It was abandoned: %s.",
			report->closing_reason ? report->closing_reason : "no reason given");
	case REPORT_INTERRUPTED:
		return g_strdup("This session is not signed. The station stopped before it was finished.");
	case REPORT_OPEN:
		return g_strdup("This session is not signed. It goes on: what stands here may change.");
	case REPORT_FINISHED:
	case REPORT_SIGNED:
	case REPORT_OUTCOME_MAX:
	case REPORT_OUTCOME_INVALID:
		break;
	}
	return g_strdup("This session is not signed.");
}

char *words_signature(const Report *report)
{
	const char *name = json_string_value(json_object_get(report->operators, report->signer));
	char time[REPORT_TIME_MAX];

	if (!report->signer)
		return words_unsigned(report);
	return g_strdup_printf(
		"Signed electronically by %s%s%s%s on %s with the meaning \xe2\x80\x9c%s\xe2\x80\x9d.",
		name ? name : report->signer, name ? " (" : "", name ? report->signer : "", name ? ")" : "",
		report_time(report->signed_at, REPORT_MOMENT, time), report->meaning ? report->meaning : "");
}
