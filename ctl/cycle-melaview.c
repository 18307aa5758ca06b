/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads a report that MELAview keeps: MM_YYYY/GGGGGHHH.PRO of a cycle that passed, .STR of one that was
 * disturbed. The text is that of a MELAG steriliser, in German or English. Where the ending and the text
 * contradict each other, the cycle failed.
 */

#include "cycle-log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const melag_serial[] = { "SN", "Serien-Nr.", "Seriennummer", "Serial number", NULL };
static const char *const melag_program[] = { "Programm ", "Programm:", "Program ", "Program:", NULL };
static const char *const melag_type[] = { "Programmtyp", "Program type", NULL };
static const char *const melag_date[] = { "Datum", "Date", NULL };
static const char *const melag_time[] = { "Tageszeit", "Startzeit", "Zeit", "Start time", "Time", NULL };
static const char *const melag_cycle[] = { "Chargennummer", "Charge-Nr.", "Charge Nr.", "Gesamtzyklus",
	"Zyklus", "Batch number", "Total cycle", "Cycle", NULL };
static const char *const melag_temperature[] = { "Sterilisiertemperatur", "Sterilization temperature",
	"Sterilisation temperature", NULL };
static const char *const melag_pressure[] = { "Sterilisierdruck", "Sterilization pressure",
	"Sterilisation pressure", NULL };
static const char *const melag_holding[] = { "Sterilisierzeit", "Sterilization time", "Sterilisation time",
	NULL };
static const char *const melag_signature[] = { "Signatur", "Signature", "Authentifizierung", "Authentication",
	NULL };

typedef struct MelagReport {
	json_t *fields;
	CycleCurve curve;
	const char *date, *time, *program, *type;
	bool failed;
} MelagReport;

/** The least of the figures in "135.4 / 135.2 C (max. 135.9)": those before a parenthesis. False: none. */
static bool least_figure(const char *text, double *ret)
{
	bool found = false;

	while (*text && *text != '(') {
		char *end;
		double figure;

		if (!strchr("0123456789", *text)) {
			text++;
			continue;
		}
		figure = strtod(text, &end);
		if (!found || figure < *ret)
			*ret = figure;
		found = true;
		text = end;
	}
	return found;
}

/** Reads "5 min 30 s", "5:30 min" or "5 min". */
static bool read_holding(const char *text, double *ret_s)
{
	unsigned minutes, seconds = 0;

	if (sscanf(text, "%3u:%2u", &minutes, &seconds) != 2 &&
		sscanf(text, "%3u min %2u s", &minutes, &seconds) < 1)
		return false;
	*ret_s = minutes * 60.0 + seconds;
	return true;
}

static void take_melag_figures(MelagReport *report, const LogLine *line)
{
	const char *temperature = cycle_log_value(line, melag_temperature);
	const char *pressure = cycle_log_value(line, melag_pressure);
	const char *holding = cycle_log_value(line, melag_holding);
	double figure;

	if (temperature && least_figure(temperature, &figure))
		cycle_field_set(report->fields, "temperature_c", "%.10g", figure);
	if (pressure && least_figure(pressure, &figure))
		cycle_field_set(report->fields, "pressure_kpa", "%.10g",
			strstr(pressure, "kPa") ? figure : figure * 100);
	if (holding && read_holding(holding, &figure))
		cycle_field_set(report->fields, "exposure_s", "%.10g", figure);
}

static bool says_failure(const char *text)
{
	static const char *const words[] = { "nicht erfolgreich", "NICHT ERFOLGREICH", "not successful",
		"NOT SUCCESSFUL", "Abbruch", "ABBRUCH", "aborted", "ABORTED", "NICHT STERIL", "nicht steril",
		"NOT STERILE", "not sterile" };

	for (size_t i = 0; i < ELEMENTS(words); i++)
		if (strstr(text, words[i]))
			return true;
	return false;
}

static int add_melag_row(MelagReport *report, const LogLine *line)
{
	double at_s, temperature_c, bar;
	const char *rest = strchr(line->text, ' ');

	if (!rest || !cycle_log_clock(line->text, &at_s) ||
		sscanf(rest, "%lf %lf", &temperature_c, &bar) != 2)
		return 0;
	return cycle_curve_add(&report->curve, at_s, temperature_c, bar * 100);
}

static int take_melag_line(MelagReport *report, const LogLine *line)
{
	static const struct {
		size_t at;
		const char *const *words;
	} heads[] = {
		{ offsetof(MelagReport, date), melag_date },
		{ offsetof(MelagReport, time), melag_time },
		{ offsetof(MelagReport, type), melag_type },
		{ offsetof(MelagReport, program), melag_program },
	};
	const char *value = cycle_log_value(line, melag_serial);

	if (value && *value && !json_object_get(report->fields, "device_serial"))
		cycle_field_set(report->fields, "device_serial", "%s", value);
	value = cycle_log_value(line, melag_cycle);
	if (value && !json_object_get(report->fields, "cycle") && strspn(value, "0123456789") > 0)
		cycle_field_set(report->fields, "cycle", "%.*s", (int)strspn(value, "0123456789"), value);
	if (cycle_log_value(line, melag_signature))
		cycle_field_set(report->fields, "device_signature", "%s", line->text);
	for (size_t i = 0; i < ELEMENTS(heads); i++) {
		const char **field = (const char **)((char *)report + heads[i].at);

		value = cycle_log_value(line, heads[i].words);
		if (value && !*field)
			*field = value;
	}
	report->failed = report->failed || says_failure(line->text);
	take_melag_figures(report, line);
	return add_melag_row(report, line);
}

static void set_melag_start(const CycleFile *file, MelagReport *report, Error *why)
{
	char began[64];

	if (!report->date || !report->time)
		return;
	snprintf(began, sizeof began, "%.10s %.8s", report->date, report->time);
	(void)cycle_field_started(report->fields, file, began, "%d.%m.%Y %H:%M:%S", why);
}

static int give_melag(
	const CycleFile *file, const CycleLog *log, MelagReport *report, CycleTake take, void *userdata)
{
	const char *ending = strrchr(file->name, '.');
	Error why = { 0 };
	int r = 0;

	for (size_t i = 0; i < log->n && r == 0; i++)
		r = take_melag_line(report, &log->lines[i]);
	if (r < 0)
		return r;
	report->failed = report->failed || !ending || strcasecmp(ending, ".PRO") != 0;
	if (report->program)
		cycle_field_set(report->fields, "program", "%s%s%s", report->program, report->type ? " " : "",
			report->type ? report->type : "");
	if (report->failed && !json_object_get(report->fields, "exposure_s"))
		cycle_field_set(report->fields, "exposure_s", "0");
	if (report->failed && !json_object_get(report->fields, "temperature_c"))
		cycle_field_set(report->fields, "temperature_c", "0");
	cycle_field_set(report->fields, "mechanical", "%s", report->failed ? "fail" : "pass");
	set_melag_start(file, report, &why);
	return cycle_row_give(file, 1, report->fields, &report->curve, &why, take, userdata);
}

static int read_melaview(const CycleFile *file, CycleTake take, void *userdata, Error *error)
{
	json_auto_t *fields = json_object();
	MelagReport report = { .fields = fields };
	CycleLog log;
	int r = fields ? cycle_log_split(file->data, file->size, &log) : -ENOMEM;

	if (r == 0) {
		r = give_melag(file, &log, &report, take, userdata);
		cycle_log_done(&log);
	}
	cycle_curve_done(&report.curve);
	return r == -ENOMEM ? error_set(error, r, "out of memory") : r;
}

static bool recognise_melaview(const CycleFile *file)
{
	const char *ending = strrchr(file->name, '.');

	return ending && (strcasecmp(ending, ".PRO") == 0 || strcasecmp(ending, ".STR") == 0);
}

const CycleImporter cycle_import_melaview = { "melaview", "MELAview", recognise_melaview, read_melaview };
