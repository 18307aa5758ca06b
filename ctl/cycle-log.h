/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What the importers of makers' reports share: lines of text, the rows of a cycle's curve, and the fields of
 * the record that come of them. It knows no maker.
 */

#include "cycle-import.h"

/* ---- lines ---- */

/** One line without blanks at its ends, in the memory of the log. */
typedef struct LogLine {
	char *text;
	size_t number; /* from 1 */
} LogLine;

typedef struct CycleLog {
	char *text;     /* UTF-8; the lines point into it */
	LogLine *lines; /* in order, empty ones too */
	size_t n;
} CycleLog;

/**
 * Splits `size` bytes into lines. Bytes that are not UTF-8 are taken as Latin-1; NUL and other control
 * characters, which printers get, are left out. 0 or -ENOMEM.
 */
int cycle_log_split(const char *data, size_t size, CycleLog *ret) _must_check_;
void cycle_log_done(CycleLog *log);

/**
 * What stands behind one of the `words` at the line's beginning, without ':' and blanks between them. NULL:
 * the line does not begin with one of them. `words` ends with NULL; capitals make no difference.
 */
const char *cycle_log_value(const LogLine *line, const char *const *words);

/** Reads "h:mm:ss" or "hh:mm:ss" at the beginning of `text`, as seconds of the day. False: it has no time. */
bool cycle_log_clock(const char *text, double *ret_s);

/* ---- the curve ---- */

enum { CYCLE_CURVE_ROWS_MIN = 3 }; /* two rows say too little to tell cycles apart */

/** The rows "time, temperature, pressure" of a cycle. Zero-initialised: it has none. */
typedef struct CycleCurve {
	char *text; /* each row without date and time of day: the seconds since the first, the figures */
	size_t size, n;
	double first_s, last_s;
	double above_c; /* set before the rows come; 0: no holding time is looked for */
	double above_s, least_c,
		least_kpa; /* the longest time at that temperature or more, and its least figures */
	double run_from_s, run_c, run_kpa; /* the same of the time that goes on */
	bool running;
} CycleCurve;

/** Adds a row: time of day, degrees C, kPa. A time before that of the last row is of the next day. 0,
 * -ENOMEM. */
int cycle_curve_add(CycleCurve *curve, double at_s, double temperature_c, double kpa) _must_check_;
void cycle_curve_done(CycleCurve *curve);

/* ---- the row ---- */

/** Sets a field of the record to a text that is formatted. A NULL format, or no memory, sets nothing. */
void cycle_field_set(json_t *fields, const char *name, const char *format, ...) _printf_(3, 4);

/**
 * Sets `started` from the report's own date and time, in strptime()'s `format`, by the mapping's zone. False
 * with `error`, also when nobody said in which zone the steriliser's clock is.
 */
bool cycle_field_started(
	json_t *fields, const CycleFile *file, const char *text, const char *format, Error *error);

/**
 * Completes a cycle's fields with the mapping's constants and the curve's digest, and gives them to `take`. A
 * field that `cycle.recorded` needs and that is missing makes the row bad; `why` is the reason when it is
 * set.
 */
int cycle_row_give(const CycleFile *file, size_t line, json_t *fields, const CycleCurve *curve,
	const Error *why, CycleTake take, void *userdata);
