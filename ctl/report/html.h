/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Fragments of HTML. All text is escaped, for attributes too; NULL is written as a dash. */

#include <stdbool.h>
#include <stdio.h>

#include "report/table.h"

/** Escapes a text. This is the only way for text from outside into a report. */
void html_text(FILE *stream, const char *text);

/** An entry of a dl, with `note` below it; NULL: none. */
void html_fact(FILE *stream, const char *label, const char *value, const char *note);
void html_fact_format(FILE *stream, const char *label, const char *format, ...) G_GNUC_PRINTF(3, 4);
/** A paragraph; `warns`: it is highlighted. Frees `words`. */
void html_words(FILE *stream, char *words, bool warns);
/** The table, or the words `none` when it has no rows. Frees the table. */
void html_table(FILE *stream, Table *table, const char *none);
