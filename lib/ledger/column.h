/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Reads the cells of a row, each as the type it must have. A ledger's file may have been tampered with:
 * SQLite then returns a NULL where a column says NOT NULL, a number in place of a text, or bytes with a NUL
 * inside. A cell of the wrong type counts as absent. Only files of the ledger include this; no other file of
 * the ledger reads cells from SQLite (a test checks this).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "util/digest.h"

/**
 * The text of a cell: terminated, without a NUL inside. NULL when the cell holds no such text. Valid until
 * the next step.
 */
const char *column_text(sqlite3_stmt *row, int i);
/** The same, but "" in place of NULL: for text that is only shown or compared. */
const char *column_string(sqlite3_stmt *row, int i);
/** The stored text without a terminator; needs no copy. `data` is NULL when the cell holds no text. */
DigestPart column_raw_text(sqlite3_stmt *row, int i);
/** The bytes of a blob or text. `data` is NULL when the cell holds neither, but not for an empty blob. */
DigestPart column_bytes(sqlite3_stmt *row, int i);
/** Whether the cell is the digest `hash`, of DIGEST_BYTES. */
bool column_is_digest(sqlite3_stmt *row, int i, const uint8_t *hash);
/** The integer of a cell. False, with *ret untouched, when the cell holds none. */
bool column_number(sqlite3_stmt *row, int i, int64_t *ret);
/** The same, but 0 when the cell holds no integer. */
int64_t column_integer(sqlite3_stmt *row, int i);
/** An integer or real; 0 when the cell holds neither. */
double column_real(sqlite3_stmt *row, int i);
bool column_is_null(sqlite3_stmt *row, int i);
