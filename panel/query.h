/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Questions to the record: the station streams rows of JSON through a pipe, read while the panel goes on. */

#include <jansson.h>

#include "panel.h"

/** `rows`: an array of objects, borrowed; NULL when it was refused, which has been said already. */
typedef void (*QueryDone)(void *userdata, json_t *rows);

/** `arguments`: a{sv}, taken when floating. Answers later, also when nothing came. */
void query_run(Panel *panel, const char *query, GVariant *arguments, QueryDone done, void *userdata);

/** A value in words: yes and no, numbers, lists with commas; freed by the caller. */
char *query_value(const json_t *value);
/** Fills `box` with one card for each row, its fields in lines. At most `max` rows. */
void query_show(GtkWidget *box, json_t *rows, size_t max);
