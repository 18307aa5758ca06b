/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads the report of a SciCan STATCLAVE: its text, or the JSON in which the steriliser's own pages give it.
 * Its dates are day/month/year.
 */

#include "cycle-log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { CURVE_STEP_S = 1 }; /* the JSON gives no times; only the order of the points counts */

static const char *const statclave_serial[] = { "SN", NULL };
static const char *const statclave_cycle[] = { "CYCLE NUMBER", NULL };
static const char *const statclave_least[] = { "Min. steri. Values", NULL };
static const char *const statclave_sterilizing[] = { "STERILIZING", NULL };
static const char *const statclave_complete[] = { "CYCLE COMPLETE", NULL };
static const char *const statclave_signature[] = { "Digital Signature", NULL };

typedef struct StatclaveReport {
	json_t *fields;
	CycleCurve curve;
	char program[64];     /* "Solid/Wrapped" */
	double sterilizing_s; /* since the start of the cycle; -1: not reached */
	bool complete, least_next, signature_next, holding_ended;
	Error why;
} StatclaveReport;

/** Reads "25:35" or "1:02:03", the time since the start of the cycle, at the end of a line. */
static bool read_elapsed(const char *text, double *ret_s)
{
	const char *word = strrchr(text, ' ');
	unsigned parts[3], n;

	word = word ? word + 1 : text;
	n = (unsigned)sscanf(word, "%3u:%2u:%2u", &parts[0], &parts[1], &parts[2]);
	if (n == 2)
		*ret_s = parts[0] * 60.0 + parts[1];
	else if (n == 3)
		*ret_s = parts[0] * 3600.0 + parts[1] * 60.0 + parts[2];
	return n == 2 || n == 3;
}

/** The time of holding ends where the next phase begins. */
static void take_phase(StatclaveReport *report, const LogLine *line)
{
	double at_s;

	if (line->text[0] < 'A' || line->text[0] > 'Z' || !read_elapsed(line->text, &at_s))
		return;
	if (cycle_log_value(line, statclave_sterilizing)) {
		report->sterilizing_s = at_s;
		return;
	}
	if (report->sterilizing_s < 0 || report->holding_ended || at_s < report->sterilizing_s)
		return;
	cycle_field_set(report->fields, "exposure_s", "%.10g", at_s - report->sterilizing_s);
	report->holding_ended = true;
}

static void take_least(StatclaveReport *report, const char *text)
{
	double temperature_c, kpa;

	report->least_next = false;
	if (sscanf(text, "%lf C %lf", &temperature_c, &kpa) != 2)
		return;
	cycle_field_set(report->fields, "temperature_c", "%.10g", temperature_c);
	cycle_field_set(report->fields, "pressure_kpa", "%.10g", kpa);
}

/** Takes " 9:54:52  08/10/2025" for the start, if it stands in this line. */
static bool take_start(StatclaveReport *report, const CycleFile *file, const LogLine *line)
{
	unsigned day, month, year;
	double at_s;
	char began[64];
	const char *date = strrchr(line->text, ' ');

	if (!date || !cycle_log_clock(line->text, &at_s) ||
		sscanf(date, " %2u/%2u/%4u", &day, &month, &year) != 3)
		return false;
	snprintf(began, sizeof began, "%u-%u-%u %02d:%02d:%02d", day % 100, month % 100, year % 10000,
		(int)at_s / 3600, (int)at_s / 60 % 60, (int)at_s % 60);
	(void)cycle_field_started(report->fields, file, began, "%d-%m-%Y %H:%M:%S", &report->why);
	return true;
}

/** Takes "Solid/Wrapped" and then "132 C/4min" as the program. */
static void take_statclave_program(StatclaveReport *report, const LogLine *line)
{
	unsigned degrees, minutes;

	if (json_object_get(report->fields, "program"))
		return;
	if (sscanf(line->text, "%3u C/%4umin", &degrees, &minutes) == 2)
		cycle_field_set(report->fields, "program", "%s%s%u C/%umin", report->program,
			report->program[0] ? " " : "", degrees, minutes);
	else if (strchr(line->text, '/') && !strchr(line->text, ':') && !strstr(line->text, "ppm"))
		snprintf(report->program, sizeof report->program, "%s", line->text);
}

static void take_statclave_line(StatclaveReport *report, const CycleFile *file, const LogLine *line)
{
	const char *value;

	if (report->least_next) {
		take_least(report, line->text);
		return;
	}
	if (report->signature_next && line->text[0]) {
		report->signature_next = false;
		cycle_field_set(report->fields, "device_signature", "%s", line->text);
		return;
	}
	report->least_next = cycle_log_value(line, statclave_least) != NULL;
	report->signature_next = cycle_log_value(line, statclave_signature) != NULL;
	report->complete = report->complete || cycle_log_value(line, statclave_complete);
	value = cycle_log_value(line, statclave_serial);
	if (value && !json_object_get(report->fields, "device_serial"))
		cycle_field_set(report->fields, "device_serial", "%s", value);
	value = cycle_log_value(line, statclave_cycle);
	if (value && *value)
		cycle_field_set(report->fields, "cycle", "%s", value);
	take_phase(report, line);
	if (!report->least_next && !take_start(report, file, line))
		take_statclave_program(report, line);
}

static int give_statclave(const CycleFile *file, StatclaveReport *report, const char *text, size_t size,
	CycleTake take, void *userdata)
{
	CycleLog log;
	int r = cycle_log_split(text, size, &log);

	if (r < 0)
		return r;
	for (size_t i = 0; i < log.n; i++)
		take_statclave_line(report, file, &log.lines[i]);
	cycle_log_done(&log);
	/* of a cycle that broke off before its holding time, the report has no figures of it */
	if (!report->complete && !json_object_get(report->fields, "exposure_s")) {
		cycle_field_set(report->fields, "exposure_s", "0");
		if (!json_object_get(report->fields, "temperature_c"))
			cycle_field_set(report->fields, "temperature_c", "0");
	}
	cycle_field_set(report->fields, "mechanical", "%s", report->complete ? "pass" : "fail");
	return cycle_row_give(file, 1, report->fields, &report->curve, &report->why, take, userdata);
}

/** The points of the JSON: figures separated by blanks or commas, as many temperatures as pressures. */
static int add_points(StatclaveReport *report, const char *temperatures, const char *pressures)
{
	for (size_t i = 0; temperatures && pressures; i++) {
		char *end, *end_of_pressure;
		double temperature_c = strtod(temperatures, &end);
		double kpa = strtod(pressures, &end_of_pressure);
		int r;

		if (end == temperatures || end_of_pressure == pressures)
			break;
		r = cycle_curve_add(&report->curve, (double)i * CURVE_STEP_S, temperature_c, kpa);
		if (r < 0)
			return r;
		temperatures = end + strspn(end, " ,");
		pressures = end_of_pressure + strspn(end_of_pressure, " ,");
	}
	return 0;
}

static int read_statclave_json(
	const CycleFile *file, StatclaveReport *report, CycleTake take, void *userdata, Error *error)
{
	json_error_t where;
	json_auto_t *json = json_loadb(file->data, file->size, 0, &where);
	const char *log = json_string_value(json_object_get(json, "log"));
	int r;

	if (!log)
		return error_set(error, -EINVAL,
			"the JSON has no text \"log\"%s%.100s: export the cycle again", json ? "" : ", ",
			json ? "" : where.text);
	r = add_points(report, json_string_value(json_object_get(json, "temp")),
		json_string_value(json_object_get(json, "pressure")));
	if (r < 0)
		return r;
	return give_statclave(file, report, log, strlen(log), take, userdata);
}

static bool is_statclave_json(const CycleFile *file)
{
	return file->data[strspn(file->data, " \r\n\t")] == '{';
}

static int read_statclave(const CycleFile *file, CycleTake take, void *userdata, Error *error)
{
	json_auto_t *fields = json_object();
	StatclaveReport report = { .fields = fields, .sterilizing_s = -1 };
	int r = -ENOMEM;

	if (fields)
		r = is_statclave_json(file)
			    ? read_statclave_json(file, &report, take, userdata, error)
			    : give_statclave(file, &report, file->data, file->size, take, userdata);
	cycle_curve_done(&report.curve);
	return r == -ENOMEM ? error_set(error, r, "out of memory") : r;
}

static bool recognise_statclave(const CycleFile *file)
{
	return memmem(file->data, file->size, "STATCLAVE", 9) != NULL ||
	       memmem(file->data, file->size, "Min. steri. Values", 18) != NULL;
}

const CycleImporter cycle_import_statclave = {
	"statclave",
	"SciCan STATCLAVE",
	recognise_statclave,
	read_statclave,
};
