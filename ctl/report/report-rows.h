/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Shared by the files that take the daemon's rows into a session's report. Text is borrowed from the row: it
 * must not be used after the row is gone.
 */

#include <string.h>

#include "report/report.h"

/** NULL: none, or empty. */
static inline const char *text_of(const json_t *body, const char *key)
{
	const char *text = json_string_value(json_object_get(body, key));

	return text && text[0] ? text : NULL;
}

static inline int64_t number_of(const json_t *body, const char *key)
{
	return json_integer_value(json_object_get(body, key));
}

static inline double real_of(const json_t *body, const char *key)
{
	return json_number_value(json_object_get(body, key));
}

static inline bool same(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

void report_add_event(Report *report, ReportEventKind kind, const json_t *row, const char *format, ...)
	G_GNUC_PRINTF(4, 5);

/* records of the session */
void report_take_claim(Report *report, const json_t *row, const json_t *body);
void report_take_removal(Report *report, const json_t *row, const json_t *body);
void report_take_pigment(Report *report, const json_t *row, const json_t *body);
void report_take_handpiece(Report *report, const json_t *row, const json_t *body);

/* rows of other queries; whether the report keeps anything of the row */
bool report_take_needle(Report *report, const json_t *row);
bool report_take_lot(Report *report, const json_t *row);
bool report_take_zones(Report *report, const json_t *row);
bool report_take_blend(Report *report, const json_t *row);
bool report_take_status(Report *report, const json_t *row);
bool report_take_cycle(Report *report, const json_t *row);
bool report_take_doubt(Report *report, const json_t *row);
