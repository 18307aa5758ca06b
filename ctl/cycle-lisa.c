/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads the report of a W&H Lisa. The file's name says which cycle it is; the rows of its curve say what the
 * chamber reached; its last line is the device's signature.
 */

#include "cycle-log.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/** The parts of the name, joined by '_'. */
enum {
	LISA_DATE,       /* 20260302, by UTC or the device's own reckoning: not used */
	LISA_LOCAL_DATE, /* 02-03-2026, as the device shows it */
	LISA_TIME,       /* 10-15-00 */
	LISA_ALARM,      /* 0: none */
	LISA_MODEL,
	LISA_SERIAL,
	LISA_CYCLE,
	LISA_PROGRAM, /* UNIVERSAL-134 */
	LISA_PARTS,
};

static const char *const lisa_signature[] = { "W&H O.D.Code", NULL };

/** Cuts `name`, without the file's ending, into its parts. False: it has fewer. A program may contain '_'. */
static bool split_lisa_name(char *name, char *ret[LISA_PARTS])
{
	char *dot = strrchr(name, '.');
	size_t n = 0;

	if (dot)
		*dot = '\0';
	while (n + 1 < LISA_PARTS) {
		char *part = strsep(&name, "_");

		if (!part || !*part || !name)
			return false;
		ret[n++] = part;
	}
	ret[n] = name;
	return *name != '\0';
}

/** The temperature that the program's name gives, such as 134 of "UNIVERSAL-134"; 0: none. */
static double lisa_program_c(const char *program)
{
	for (const char *s = program; *s; s++) {
		size_t digits = strspn(s, "0123456789");

		if (digits == 3 && strtod(s, NULL) >= 105 && strtod(s, NULL) <= 140)
			return strtod(s, NULL);
		s += digits > 0 ? digits - 1 : 0;
	}
	return 0;
}

/** A row of the curve: time, degrees C, bar or kPa; by its size, because the Lisa prints either. */
static int add_lisa_row(CycleCurve *curve, const LogLine *line)
{
	double at_s, temperature_c, pressure;
	const char *rest = strchr(line->text, ' ');

	if (!rest || !cycle_log_clock(line->text, &at_s) ||
		sscanf(rest, "%lf %lf", &temperature_c, &pressure) != 2)
		return 0;
	/* no steriliser reaches 20 bar, and no chamber is at 20 kPa while it holds */
	return cycle_curve_add(curve, at_s, temperature_c, pressure < 20 ? pressure * 100 : pressure);
}

static int read_lisa_lines(const CycleFile *file, json_t *fields, CycleCurve *curve)
{
	CycleLog log;
	int r = cycle_log_split(file->data, file->size, &log);

	for (size_t i = 0; i < log.n && r == 0; i++) {
		if (cycle_log_value(&log.lines[i], lisa_signature))
			cycle_field_set(fields, "device_signature", "%s", log.lines[i].text);
		r = add_lisa_row(curve, &log.lines[i]);
	}
	cycle_log_done(&log);
	return r;
}

static void set_lisa_figures(json_t *fields, const CycleCurve *curve, bool passed)
{
	if (curve->above_s > 0) {
		cycle_field_set(fields, "temperature_c", "%.10g", curve->least_c);
		cycle_field_set(fields, "pressure_kpa", "%.10g", curve->least_kpa);
		cycle_field_set(fields, "exposure_s", "%.10g", curve->above_s);
	} else if (!passed) {
		/* it broke off before its holding time */
		cycle_field_set(fields, "temperature_c", "0");
		cycle_field_set(fields, "exposure_s", "0");
	}
}

static int give_lisa(const CycleFile *file, char *parts[LISA_PARTS], CycleTake take, void *userdata)
{
	bool passed =
		strtol(parts[LISA_ALARM], NULL, 10) == 0 && isdigit((unsigned char)parts[LISA_ALARM][0]);
	CycleCurve curve = { .above_c = lisa_program_c(parts[LISA_PROGRAM]) };
	json_auto_t *fields = json_object();
	char began[64];
	Error why = { 0 };
	int r = fields ? read_lisa_lines(file, fields, &curve) : -ENOMEM;

	if (r == 0) {
		cycle_field_set(fields, "device_serial", "%s", parts[LISA_SERIAL]);
		cycle_field_set(fields, "cycle", "%s", parts[LISA_CYCLE]);
		cycle_field_set(fields, "program", "%s", parts[LISA_PROGRAM]);
		cycle_field_set(fields, "mechanical", "%s", passed ? "pass" : "fail");
		set_lisa_figures(fields, &curve, passed);
		snprintf(began, sizeof began, "%.20s %.20s", parts[LISA_LOCAL_DATE], parts[LISA_TIME]);
		(void)cycle_field_started(fields, file, began, "%d-%m-%Y %H-%M-%S", &why);
		r = cycle_row_give(file, 1, fields, &curve, &why, take, userdata);
	}
	cycle_curve_done(&curve);
	return r;
}

static int read_lisa(const CycleFile *file, CycleTake take, void *userdata, Error *error)
{
	_cleanup_(freep) char *name = strdup(file->name);
	char *parts[LISA_PARTS];
	int r;

	if (!name)
		return error_set(error, -ENOMEM, "out of memory");
	if (!split_lisa_name(name, parts))
		return error_set(error, -EINVAL,
			"the name %.100s is not that of a Lisa's report: keep the name that the steriliser gave, "
			"DATE_LOCALDATE_TIME_ALARM_MODEL_SERIAL_CYCLE_PROGRAM",
			file->name);
	r = give_lisa(file, parts, take, userdata);
	return r == -ENOMEM ? error_set(error, r, "out of memory") : r;
}

static bool recognise_lisa(const CycleFile *file)
{
	return memmem(file->data, file->size, "W&H O.D.Code", 12) != NULL;
}

const CycleImporter cycle_import_lisa = { "lisa", "W&H Lisa", recognise_lisa, read_lisa };
