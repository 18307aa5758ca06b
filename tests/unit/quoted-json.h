/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** JSON in the tables of tests, which is easier to read with apostrophes for quotation marks. For tests
 * alone. */

#include <stdlib.h>
#include <string.h>

#include <jansson.h>

/** The value, which the caller frees; NULL is {}. Fails the test when it is no JSON. */
static inline json_t *read_json(const char *text)
{
	char *copy = strdup(text ? text : "{}");
	json_t *value;

	assert_non_null(copy);
	for (char *c = copy; *c; c++)
		if (*c == '\'')
			*c = '"';
	value = json_loads(copy, 0, NULL);
	free(copy);
	if (!value)
		fail_msg("no JSON: %s", text ? text : "");
	return value;
}
