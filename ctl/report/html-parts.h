/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What pages for browsers are put together from. All text is escaped; NULL is written as a dash. */

#include <stdio.h>

#include "report/canvas.h"
#include "report/report.h"

/** Up to the first section: title, what it is about, and how that stands. */
void html_begin(FILE *stream, const char *title, const char *about, const char *state, bool good);
void html_end(FILE *stream, const char *made);

void html_text(FILE *stream, const char *text);
/** Within a dl. */
void html_fact(FILE *stream, const char *label, const char *value);
void html_number(FILE *stream, const char *label, const char *format, ...) G_GNUC_PRINTF(3, 4);

/** Opens a section. */
void html_heading(FILE *stream, const char *title);
/** A whole section of one paragraph; frees `words`. */
void html_section(FILE *stream, const char *title, char *words);
void html_paragraph(FILE *stream, const char *words);
/** A whole section of one table, or of the words `none` when it has no rows; frees the table. */
void html_table(FILE *stream, const char *title, Table *table, const char *none);
