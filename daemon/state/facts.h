/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What the record says beyond the session, and interlocks need: the rows of a question each. They are asked
 * for again after what people enter, and once a minute, as time alone makes things lapse.
 */

#include <stdbool.h>

#include <jansson.h>

typedef enum Fact {
	FACT_CERTIFICATIONS, /* the newest of each badge and certificate */
	FACT_BARRED,         /* lots that are not released */
	FACT_LOW_STOCK,
	FACT_HANDPIECES,
	FACT_DUE, /* biological tests, the most pressing first */
	FACT_MAX,
} Fact;

typedef struct Facts {
	json_t *rows[FACT_MAX]; /* NULL: not known yet */
} Facts;

/** Nothing may be armed before. */
static inline bool facts_known(const Facts *facts)
{
	bool known = true;

	for (Fact fact = 0; fact < FACT_MAX; fact++)
		known = known && facts->rows[fact];
	return known;
}

/** The text of a row's column; "" where it has none. Borrowed. */
static inline const char *row_text(const json_t *row, const char *column)
{
	const char *text = json_string_value(json_object_get(row, column));

	return text ? text : "";
}
