/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A cell of a table in words, from a row of a query and a pattern. */

#include <jansson.h>

/** The word for a test that failed; a cell that begins with it stands out in colour. */
#define CELL_FAILED "FAILED"

/**
 * `pattern` has parts separated by "|"; the results are joined by commas. In a part, {name} stands for that
 * value of the row, and {name.inner} for a value within it. A part whose value is missing in the row is left
 * out. A part that begins with "?" is used only if no other part is. {name:form} formats a value: "minute"
 * and "day" for a time, "list" for texts, "parts" for a blend, "title" for a name, "verdict" for the result
 * of a test, "yes" for a truth value. A value that was corrected later is shown corrected, with the value
 * first recorded after it. The caller frees the text; NULL: every part was left out.
 */
char *cell_text(const json_t *row, const char *pattern);
