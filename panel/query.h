/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Queries of the record. The station streams rows of JSON through a pipe, which is read while the panel goes
 * on.
 */

#include <jansson.h>

#include "panel.h"

/**
 * `rows`: an array of objects, borrowed; NULL when the query was refused, which a notice has already shown.
 */
typedef void (*QueryDone)(void *userdata, json_t *rows);

/** `arguments`: a{sv}, taken when floating. Calls `done` later, even when there are no rows. */
void query_run(Panel *panel, const char *query, GVariant *arguments, QueryDone done, void *userdata);

/** Formats a value in words: yes and no, numbers, lists with commas. Freed by the caller. */
char *query_value(const json_t *value);
/** Fills `box` with one card for each row, one line for each field. At most `max` rows. */
void query_show(GtkWidget *box, json_t *rows, size_t max);
