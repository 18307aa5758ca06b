/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads the log of a DAC Universal: one report after the other, in German or English. A report that broke off
 * is a cycle that failed, with the figures it reached; the last of the log may still grow and is not taken.
 */

#include "cycle-log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const char *const head_words[] = { "DAC Universal", NULL };
static const char *const serial_words[] = { "Serien Nr", "Serial No", "Serial nr", NULL };
static const char *const program_words[] = { "Programm", "Program", NULL };
static const char *const cycle_words[] = { "Zyklus:", "Cycle:", NULL };
static const char *const date_words[] = { "Dat.(T-M-J)", "Date(D-M-Y)", NULL };
static const char *const time_words[] = { "Zeit(H-M-S)", "Time(H-M-S)", NULL };
static const char *const end_words[] = { "Zyklusende", "Cycle end", NULL };
static const char *const minimum_words[] = { "Minimum", NULL };
static const char *const duration_words[] = { "Dauer (m-s)", "Duration (m-s)", NULL };

/** One report while it is read. */
typedef struct Report {
	json_t *fields;
	CycleCurve curve;
	const char *date, *time;
	size_t line;
	bool ended, passed, last; /* last: no other report is behind it */
} DacReport;

/** The last word of the line that ends a report: "Ok". */
static bool says_ok(const char *text)
{
	const char *word = strrchr(text, ' ');

	return word && strcasecmp(word + 1, "ok") == 0;
}

/** Reads "135.3    3.17", degrees and bar. */
static bool read_dac_figures(const char *text, double *ret_c, double *ret_kpa)
{
	double bar;

	if (sscanf(text, "%lf %lf", ret_c, &bar) != 2)
		return false;
	*ret_kpa = bar * 100;
	return true;
}

static void take_holding(DacReport *report, const LogLine *line)
{
	const char *value = cycle_log_value(line, minimum_words);
	unsigned minutes, seconds;
	double temperature_c, kpa;

	if (value && read_dac_figures(value, &temperature_c, &kpa)) {
		cycle_field_set(report->fields, "temperature_c", "%.10g", temperature_c);
		cycle_field_set(report->fields, "pressure_kpa", "%.10g", kpa);
		return;
	}
	value = cycle_log_value(line, duration_words);
	if (value && sscanf(value, "%3u-%2u", &minutes, &seconds) == 2)
		cycle_field_set(report->fields, "exposure_s", "%u", minutes * 60 + seconds);
}

static void take_head_line(DacReport *report, const LogLine *line)
{
	static const struct {
		const char *field;
		const char *const *words;
	} values[] = {
		{ "device_serial", serial_words },
		{ "program", program_words },
		{ "cycle", cycle_words },
	};
	const char *value = cycle_log_value(line, date_words);

	if (value)
		report->date = value;
	value = cycle_log_value(line, time_words);
	if (value)
		report->time = value;
	for (size_t i = 0; i < ELEMENTS(values); i++) {
		value = cycle_log_value(line, values[i].words);
		if (value && *value && !json_object_get(report->fields, values[i].field))
			cycle_field_set(report->fields, values[i].field, "%s", value);
	}
}

static int take_dac_line(DacReport *report, const LogLine *line)
{
	const char *value = cycle_log_value(line, end_words);
	double at_s, temperature_c, kpa;

	if (value) {
		report->ended = true;
		report->passed = says_ok(value);
		return 0;
	}
	if (cycle_log_clock(line->text, &at_s) && strlen(line->text) > 8 &&
		read_dac_figures(line->text + 8, &temperature_c, &kpa))
		return cycle_curve_add(&report->curve, at_s, temperature_c, kpa);
	take_holding(report, line);
	take_head_line(report, line);
	return 0;
}

/** Completes the report's fields and gives them on. */
static int give_dac_report(const CycleFile *file, DacReport *report, CycleTake take, void *userdata)
{
	char began[64];
	Error why = { 0 };

	/* of a cycle that broke off before its holding time, the report has no figures of it */
	if (!report->passed && !json_object_get(report->fields, "exposure_s")) {
		cycle_field_set(report->fields, "exposure_s", "0");
		cycle_field_set(report->fields, "temperature_c", "0");
	}
	cycle_field_set(report->fields, "mechanical", "%s", report->passed ? "pass" : "fail");
	if (!report->ended && report->last)
		error_set(&why, -EINVAL, "cycle %.16s still runs or was cut off: import the log again later",
			json_string_value(json_object_get(report->fields, "cycle")));
	else if (report->date && report->time) {
		snprintf(began, sizeof began, "%.20s %.20s", report->date, report->time);
		(void)cycle_field_started(report->fields, file, began, "%d-%m-%Y %H:%M:%S", &why);
	}
	return cycle_row_give(file, report->line, report->fields, &report->curve, &why, take, userdata);
}

/** Reads the report that begins at line `from`; *ret_next is the line after it. */
static int read_dac_report(const CycleFile *file, const CycleLog *log, size_t from, size_t *ret_next,
	CycleTake take, void *userdata)
{
	json_auto_t *fields = json_object();
	DacReport report = { .fields = fields, .line = log->lines[from].number };
	size_t i;
	int r = fields ? 0 : -ENOMEM;

	for (i = from + 1; i < log->n && r == 0; i++) {
		if (cycle_log_value(&log->lines[i], head_words))
			break;
		if (!report.ended)
			r = take_dac_line(&report, &log->lines[i]);
	}
	*ret_next = i;
	report.last = i == log->n;
	if (r == 0)
		r = give_dac_report(file, &report, take, userdata);
	cycle_curve_done(&report.curve);
	return r;
}

static int read_dac(const CycleFile *file, CycleTake take, void *userdata, Error *error)
{
	CycleLog log;
	int r = cycle_log_split(file->data, file->size, &log);

	for (size_t i = 0; i < log.n && r == 0;)
		if (cycle_log_value(&log.lines[i], head_words))
			r = read_dac_report(file, &log, i, &i, take, userdata);
		else
			i++;
	cycle_log_done(&log);
	return r == -ENOMEM ? error_set(error, r, "out of memory") : r;
}

static bool recognise_dac(const CycleFile *file)
{
	return memmem(file->data, file->size, "DAC Universal", 13) != NULL;
}

const CycleImporter cycle_import_dac = { "dac-universal", "DAC Universal", recognise_dac, read_dac };
