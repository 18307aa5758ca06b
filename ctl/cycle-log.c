/* SPDX-License-Identifier: Apache-2.0 */

/** Lines, curves and fields for the importers of makers' reports. It knows no maker and records nothing. */

#include "cycle-log.h"

#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "csv-value.h"
#include "cycle-mapping.h"
#include "util/clock.h"
#include "util/digest.h"
#include "util/text.h"

enum {
	DAY_S = 24 * 3600,
	FIGURE_MAX = 10000, /* of a temperature or a pressure: more is no reading */
};

/* ---- lines ---- */

static bool is_utf8(const char *data, size_t size)
{
	json_auto_t *text = json_stringn(data, size);

	return text != NULL;
}

/** Writes the bytes as UTF-8 to `ret`, which has room for two bytes for each. Returns the length. */
static size_t copy_as_text(const char *data, size_t size, char *ret)
{
	bool utf8 = is_utf8(data, size);
	size_t used = 0;

	for (size_t i = 0; i < size; i++) {
		unsigned char byte = (unsigned char)data[i];

		if (byte == '\t')
			byte = ' ';
		if ((byte < ' ' && byte != '\n') || byte == 0x7f || (!utf8 && byte >= 0x80 && byte < 0xa0))
			continue;
		if (utf8 || byte < 0x80) {
			ret[used++] = (char)byte;
			continue;
		}
		ret[used++] = (char)(0xc0 | byte >> 6);
		ret[used++] = (char)(0x80 | (byte & 0x3f));
	}
	ret[used] = '\0';
	return used;
}

static char *trim_line(char *text)
{
	size_t length;

	text += strspn(text, " ");
	for (length = strlen(text); length > 0 && text[length - 1] == ' '; length--)
		text[length - 1] = '\0';
	return text;
}

int cycle_log_split(const char *data, size_t size, CycleLog *ret)
{
	CycleLog log = { .text = malloc(size * 2 + 1), .n = 1 };
	char *line, *next;

	if (!log.text)
		return -ENOMEM;
	(void)copy_as_text(data, size, log.text);
	for (const char *s = log.text; *s; s++)
		log.n += *s == '\n';
	log.lines = calloc(log.n, sizeof *log.lines);
	if (!log.lines) {
		cycle_log_done(&log);
		return -ENOMEM;
	}
	next = log.text;
	for (size_t i = 0; i < log.n; i++) {
		line = strsep(&next, "\n");
		log.lines[i] = (LogLine){ trim_line(line), i + 1 };
	}
	*ret = log;
	return 0;
}

void cycle_log_done(CycleLog *log)
{
	free(log->lines);
	free(log->text);
	*log = (CycleLog){ 0 };
}

const char *cycle_log_value(const LogLine *line, const char *const *words)
{
	for (; *words; words++) {
		size_t length = strlen(*words);

		if (strncasecmp(line->text, *words, length) == 0)
			return line->text + length + strspn(line->text + length, " :");
	}
	return NULL;
}

bool cycle_log_clock(const char *text, double *ret_s)
{
	unsigned hour, minute, second;
	int end = 0;

	if (sscanf(text, "%2u:%2u:%2u%n", &hour, &minute, &second, &end) != 3 || hour > 23 || minute > 59 ||
		second > 60)
		return false;
	*ret_s = hour * 3600.0 + minute * 60.0 + second;
	return true;
}

/* ---- the curve ---- */

/** Keeps the longest time at `above_c` or more, and the least figures in it. */
static void follow_holding(CycleCurve *curve, double at_s, double temperature_c, double kpa)
{
	bool was = curve->running;

	curve->running = curve->above_c > 0 && temperature_c >= curve->above_c;
	if (!curve->running)
		return;
	curve->run_from_s = was ? curve->run_from_s : at_s;
	curve->run_c = was && curve->run_c < temperature_c ? curve->run_c : temperature_c;
	curve->run_kpa = was && curve->run_kpa < kpa ? curve->run_kpa : kpa;
	if (at_s - curve->run_from_s < curve->above_s)
		return;
	curve->above_s = at_s - curve->run_from_s;
	curve->least_c = curve->run_c;
	curve->least_kpa = curve->run_kpa;
}

int cycle_curve_add(CycleCurve *curve, double at_s, double temperature_c, double kpa)
{
	char row[96], *text;
	size_t length;

	if (curve->n == 0)
		curve->first_s = curve->last_s = at_s;
	while (at_s < curve->last_s)
		at_s += DAY_S;
	curve->last_s = at_s;
	if (!isfinite(temperature_c) || !isfinite(kpa) || fabs(temperature_c) > FIGURE_MAX ||
		fabs(kpa) > FIGURE_MAX || at_s - curve->first_s > FIGURE_MAX * 100)
		return -ERANGE;
	length = (size_t)snprintf(
		row, sizeof row, "%.0f %.2f %.2f\n", at_s - curve->first_s, temperature_c, kpa);
	text = realloc(curve->text, curve->size + length + 1);
	if (!text)
		return -ENOMEM;
	memcpy(text + curve->size, row, length + 1);
	curve->text = text;
	curve->size += length;
	curve->n++;
	follow_holding(curve, at_s, temperature_c, kpa);
	return 0;
}

void cycle_curve_done(CycleCurve *curve)
{
	free(curve->text);
	*curve = (CycleCurve){ 0 };
}

/* ---- the row ---- */

void cycle_field_set(json_t *fields, const char *name, const char *format, ...)
{
	_cleanup_(freep) char *text = NULL;
	va_list arguments;

	va_start(arguments, format);
	if (vasprintf(&text, format, arguments) < 0)
		text = NULL;
	va_end(arguments);
	if (text)
		(void)json_object_set_new(fields, name, json_string(text));
}

bool cycle_field_started(
	json_t *fields, const CycleFile *file, const char *text, const char *format, Error *error)
{
	const char *zone = file->mapping->zone;
	char utc[CLOCK_UTC_TEXT_MAX];
	int64_t utc_us;

	if (!zone) {
		error_set(error, -EINVAL,
			"the report has local times: say where they were taken, --zone Europe/Berlin or --zone local");
		return false;
	}
	if (csv_time(text, format, zone, &utc_us, error) < 0)
		return false;
	clock_format_utc(utc_us, utc);
	cycle_field_set(fields, "started", "%.19sZ", utc);
	return true;
}

static void set_constants(const CycleMapping *mapping, json_t *fields)
{
	const RecordField *field;

	for (size_t i = 0; (field = cycle_field(i)); i++)
		if (mapping->constants[i] && !json_object_get(fields, field->name))
			cycle_field_set(fields, field->name, "%s", mapping->constants[i]);
}

static bool is_sterilizer(const RecordField *field)
{
	return strcmp(field->name, "sterilizer") == 0;
}

/** The first field that the record needs and the report does not give; the steriliser follows from its
 * serial. */
static const char *missing_field(const json_t *fields)
{
	const RecordField *field;

	for (size_t i = 0; (field = cycle_field(i)); i++)
		if (!field->optional && !json_object_get(fields, field->name) &&
			(!is_sterilizer(field) || !json_object_get(fields, "device_serial")))
			return is_sterilizer(field) ? "the steriliser's serial" : field->name;
	return NULL;
}

int cycle_row_give(const CycleFile *file, size_t line, json_t *fields, const CycleCurve *curve,
	const Error *why, CycleTake take, void *userdata)
{
	CycleRow row = { .line = line, .fields = fields };
	char digest[DIGEST_HEX_MAX];
	const char *missing;
	Error lacks;

	set_constants(file->mapping, fields);
	missing = missing_field(fields);
	if (curve->n >= CYCLE_CURVE_ROWS_MIN) {
		digest_hex(curve->text, curve->size, digest);
		cycle_field_set(fields, "curve_sha256", "%s", digest);
	}
	if (missing)
		error_set(&lacks, -EINVAL, "the report does not give %s", missing);
	if (why->text[0] || missing) {
		row.fields = NULL;
		row.bad = why->text[0] ? why->text : lacks.text;
	}
	return take(userdata, &row);
}
