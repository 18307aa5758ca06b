/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A cell of a table in words, from a row of a query and a pattern. */

#include <jansson.h>

/**
 * `pattern` has parts separated by "|", which are joined by commas. In a part, {name} stands for that value
 * of the row and {name.inner} for one within it; a part with a value that the row does not have is left out,
 * and one that begins with "?" stands only where nothing else does. {name:form} gives a value its form:
 * "minute" and "day" of a time, "list" of texts, "parts" of a blend, "title" of a name, "yes" of a truth. A
 * value that was corrected since stands corrected, with what was first recorded behind it. The text is the
 * caller's; NULL: nothing stands.
 */
char *cell_text(const json_t *row, const char *pattern);
