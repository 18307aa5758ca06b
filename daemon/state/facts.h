/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What the interlocks need from the record beyond the session: the rows of one question each. They are read
 * again after people enter something, and once a minute, because things also lapse by time alone.
 */

#include <stdbool.h>

#include <jansson.h>

typedef enum Fact {
	FACT_CERTIFICATIONS, /* the newest for each badge and certificate */
	FACT_BARRED,         /* lots that are not released */
	FACT_LOW_STOCK,
	FACT_HANDPIECES,
	FACT_DUE,      /* biological tests, the most urgent first */
	FACT_UNTESTED, /* handpieces whose steriliser lacks a test of the machine */
	FACT_REPORTS,  /* incidents to be reported to an authority, the most urgent first */
	FACT_CLIENT,   /* the card of the open session's client; no row: not registered */
	FACT_MAX,
} Fact;

typedef struct Facts {
	json_t *rows[FACT_MAX]; /* NULL: not known yet */
} Facts;

/** Whether all facts are known; nothing may be armed before. */
static inline bool facts_known(const Facts *facts)
{
	bool known = true;

	for (Fact fact = 0; fact < FACT_MAX; fact++)
		known = known && facts->rows[fact];
	return known;
}

/** The text in a row's column; "" when absent. Borrowed. */
static inline const char *row_text(const json_t *row, const char *column)
{
	const char *text = json_string_value(json_object_get(row, column));

	return text ? text : "";
}
