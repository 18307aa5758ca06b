/* SPDX-License-Identifier: Apache-2.0 */

/** The tables of a session's report. It only puts into words what the report holds. */

#include "report/session-tables.h"

#include <string.h>

#include "report/language.h"
#include "report/report-text.h"

static G_GNUC_PRINTF(2, 3) void add_cell_format(Table *table, const char *format, ...)
{
	char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	table_add(table, text);
}

static void add_cell(Table *table, const char *text)
{
	table_add(table, text ? strdup(text) : NULL);
}

static void add_time_cell(Table *table, const Report *report, const char *utc)
{
	char text[REPORT_TIME_MAX];

	table_add(table, utc ? strdup(report_time_within(report, utc, text)) : NULL);
}

static void add_day_cell(Table *table, const char *day)
{
	char text[REPORT_TIME_MAX];

	table_add(table, day ? strdup(report_day(day, REPORT_DAY, text)) : NULL);
}

static void add_lot_cell(Table *table, const char *lot, const char *barred)
{
	add_cell_format(table, "%s%s%s%s", lot ? lot : "\xe2\x80\x93", barred ? " (" : "",
		barred ? _(barred) : "", barred ? ")" : "");
}

/** Before + today of the target, and what is over it. */
static void add_density(Table *table, const ReportZone *zone)
{
	char before[32] = "", over[48] = "";

	if (zone->has_before)
		snprintf(before, sizeof before, "%.0f + ", zone->density_before);
	if (zone->over)
		snprintf(over, sizeof over,
			language_plural(", %lld dot over", ", %lld dots over", zone->over),
			(long long)zone->over);
	add_cell_format(table, _("%s%.0f of %.0f%s"), before, zone->density, zone->target, over);
}

/** The kind of skin, and where it was sensed the needle's mean angle to it, with its window. */
static void add_skin(Table *table, const ReportZone *zone)
{
	const char *skin = zone->skin_type ? _(zone->skin_type) : "";

	if (zone->dots > 0 && zone->angle_mean_deg > 0)
		add_cell_format(table, "%s, %.0f\xc2\xb0 (%.0f\xe2\x80\x93%.0f)", skin, zone->angle_mean_deg,
			zone->angle_min_deg, zone->angle_max_deg);
	else
		add_cell(table, zone->skin_type ? skin : NULL);
}

Table *list_zones(const Report *report)
{
	static const TableColumn columns[] = {
		{ N_("Zone"), 0.27, CELL_STRONG },
		{ N_("Skin"), 0.14, CELL_TEXT },
		{ "cm\xc2\xb2", 0.10, CELL_NUMBER },
		{ N_("Dots"), 0.11, CELL_NUMBER },
		{ N_("Dots/cm\xc2\xb2"), 0.23, CELL_NUMBER },
		{ N_("Outside"), 0.15, CELL_NUMBER },
	};
	Table *table = table_new(columns, ELEMENTS(columns));

	for (size_t i = 0; i < report->zones->len; i++) {
		const ReportZone *zone = &g_array_index(report->zones, ReportZone, i);
		char title[REPORT_SECTION_MAX], figure[LANGUAGE_FIGURE_MAX];

		report_title_of(zone->zone, title);
		add_cell(table, title);
		add_skin(table, zone);
		add_cell(table, language_figure(zone->area_mm2 / 100, 1, figure));
		add_cell_format(table, "%lld", (long long)zone->dots);
		add_density(table, zone);
		if (zone->dots)
			add_cell_format(table, "%s %%", language_figure(zone->outside * 100, 1, figure));
		else
			table_add(table, NULL);
	}
	return table;
}

/** The part of a unit that distinguishes cartridges of a lot: GTIN and lot have columns of their own. */
static const char *short_unit(const char *unit)
{
	const char *serial = unit ? strstr(unit, "(21)") : NULL;
	const char *number = unit ? strrchr(unit, '#') : NULL;

	return serial ? serial + 4 : number ? number : unit;
}

Table *list_cartridges(const Report *report)
{
	static const TableColumn columns[] = {
		{ "#", 0.035, CELL_TEXT },
		{ N_("Serial or unit"), 0.14, CELL_STRONG },
		{ N_("Product"), 0.165, CELL_TEXT },
		{ N_("Lot"), 0.11, CELL_TEXT },
		{ N_("Expiry"), 0.11, CELL_TEXT },
		{ N_("Certificate of the lot"), 0.16, CELL_TEXT },
		{ N_("Mounted"), 0.105, CELL_TEXT },
		{ N_("Strokes"), 0.08, CELL_NUMBER },
		{ N_("Sharps box"), 0.095, CELL_TEXT },
	};
	Table *table = table_new(columns, ELEMENTS(columns));

	for (size_t i = 0; i < report->cartridges->len; i++) {
		const ReportCartridge *cartridge = report_cartridge(report, i);
		char from[REPORT_TIME_MAX], to[REPORT_TIME_MAX];

		add_cell_format(table, "%zu", i + 1);
		add_cell(table, short_unit(cartridge->unit));
		if (cartridge->product)
			add_cell_format(table, "%s%s%s", cartridge->product, cartridge->maker ? ", " : "",
				cartridge->maker ? cartridge->maker : "");
		else
			table_add(table, NULL);
		add_lot_cell(table, cartridge->lot, cartridge->barred);
		add_day_cell(table, cartridge->expiry);
		add_cell(table, cartridge->certificate);
		add_cell_format(table, "%s\xe2\x80\x93%s%s",
			report_time_within(report, cartridge->mounted, from),
			report_time_within(report, cartridge->removed, to),
			cartridge->interrupted ? _(" (interrupted)") : "");
		add_cell_format(table, "%lld", (long long)cartridge->strokes);
		add_cell(table, cartridge->container);
	}
	return table;
}

Table *list_stints(const Report *report)
{
	static const TableColumn columns[] = {
		{ N_("Practitioner"), 0.26, CELL_STRONG },
		{ N_("Badge"), 0.12, CELL_TEXT },
		{ N_("Zone"), 0.18, CELL_TEXT },
		{ N_("Cartridge"), 0.20, CELL_TEXT },
		{ N_("Dots"), 0.09, CELL_NUMBER },
		{ N_("Time"), 0.15, CELL_TEXT },
	};
	Table *table = table_new(columns, ELEMENTS(columns));

	for (size_t i = 0; i < report->stints->len; i++) {
		const ReportStint *stint = report_stint(report, i);
		char from[REPORT_TIME_MAX], to[REPORT_TIME_MAX], title[REPORT_SECTION_MAX];

		report_title_of(stint->zone, title);
		add_cell(table, report_name_of(report, stint->operator));
		add_cell(table, stint->operator);
		add_cell(table, title);
		add_cell(table, short_unit(stint->unit));
		add_cell_format(table, "%lld", (long long)stint->dots);
		add_cell_format(table, "%s\xe2\x80\x93%s", report_time_within(report, stint->first, from),
			report_time_within(report, stint->last, to));
	}
	return table;
}

/** The zones where the pigment was used. */
static void add_zones_cell(Table *table, const Report *report, const json_t *zones)
{
	GString *text = g_string_new(NULL);
	size_t i;
	json_t *zone;

	json_array_foreach (zones, i, zone) {
		char title[REPORT_SECTION_MAX];

		report_title_of(json_string_value(zone), title);
		g_string_append_printf(text, "%s%s", i ? ", " : "", title);
	}
	if (zones && text->len == 0)
		g_string_append(text, report->outcome == REPORT_OPEN ? _("not used yet") : _("never used"));
	add_cell(table, text->len ? text->str : NULL);
	g_string_free(text, true);
}

Table *list_pigments(const Report *report)
{
	static const TableColumn columns[] = {
		{ N_("Brand"), 0.25, CELL_STRONG },
		{ N_("Colour"), 0.14, CELL_TEXT },
		{ N_("Lot"), 0.17, CELL_TEXT },
		{ N_("Zones worked in"), 0.22, CELL_TEXT },
		{ N_("Expiry"), 0.11, CELL_TEXT },
		{ N_("Loaded"), 0.11, CELL_TEXT },
	};
	Table *table = table_new(columns, ELEMENTS(columns));

	for (size_t i = 0; i < report->pigments->len; i++) {
		const ReportPigment *pigment = &g_array_index(report->pigments, ReportPigment, i);
		const char *brand = pigment->brand ? pigment->brand : "?";
		char parts[REPORT_NUMBER_MAX];

		report_number(pigment->parts, parts);
		if (pigment->parts > 0)
			add_cell_format(table, "\xe2\x86\xb3 %s %s: %s", parts,
				language_plural("part", "parts", strcmp(parts, "1") == 0 ? 1 : 2), brand);
		else
			add_cell(table, strcmp(brand, "blend") == 0 ? _("Blend") : brand);
		add_cell(table, pigment->colour);
		add_lot_cell(table, pigment->lot, pigment->barred);
		if (pigment->parts > 0)
			add_cell(table, "");
		else
			add_zones_cell(table, report, pigment->zones);
		add_day_cell(table, pigment->expiry);
		if (pigment->parts > 0)
			add_cell(table, "");
		else
			add_time_cell(table, report, pigment->time);
	}
	return table;
}

Table *list_events(const Report *report)
{
	static const TableColumn columns[] = {
		{ N_("Time"), 0.12, CELL_TEXT },
		{ N_("Kind"), 0.12, CELL_STRONG },
		{ N_("What happened"), 0.61, CELL_TEXT },
		{ N_("Recorded by"), 0.15, CELL_TEXT },
	};
	Table *table = table_new(columns, ELEMENTS(columns));

	for (size_t i = 0; i < report->events->len; i++) {
		const ReportEvent *event = &g_array_index(report->events, ReportEvent, i);

		add_time_cell(table, report, event->time);
		add_cell(table, _(report_event_kind_to_string(event->kind)));
		add_cell(table, event->text);
		add_cell(table, event->actor);
	}
	return table;
}
