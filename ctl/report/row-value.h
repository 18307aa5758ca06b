/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The values of a row. Text is borrowed from the row: it must not be used after the row is gone. */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <jansson.h>

/** NULL: none, or empty. */
static inline const char *row_text(const json_t *body, const char *key)
{
	const char *text = json_string_value(json_object_get(body, key));

	return text && text[0] ? text : NULL;
}

static inline int64_t row_number(const json_t *body, const char *key)
{
	return json_integer_value(json_object_get(body, key));
}

static inline double row_real(const json_t *body, const char *key)
{
	return json_number_value(json_object_get(body, key));
}

static inline bool is_same_text(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}
