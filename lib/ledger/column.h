/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The cells of a row, each asked for as what it must be. A ledger's file may have been tampered with: SQLite
 * then gives a NULL where a column says NOT NULL, a number where a text belongs, or bytes with a NUL within.
 * What is not as asked for is not there. Only files of the ledger include this; nothing else of the ledger
 * asks SQLite for a cell (a test looks).
 */

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <sqlite3.h>

#include "util/digest.h"

/** The text of a cell: terminated, without a NUL within. NULL: the cell holds none. Valid until the next
 * step. */
const char *column_text(sqlite3_stmt *row, int i);
/** The same, "" in place of NULL: for what is only shown or compared. */
const char *column_string(sqlite3_stmt *row, int i);
/** Text as it is stored, which no terminator follows: costs no copy. `data` NULL: the cell holds none. */
DigestPart column_raw_text(sqlite3_stmt *row, int i);
/** Bytes, of a blob or a text. `data` NULL: the cell holds none; those of an empty blob are not NULL. */
DigestPart column_bytes(sqlite3_stmt *row, int i);
/** Whether the cell is the digest `hash`, of DIGEST_BYTES. */
bool column_is_digest(sqlite3_stmt *row, int i, const uint8_t *hash);
/** False, and *ret untouched, where the cell holds no integer. */
bool column_number(sqlite3_stmt *row, int i, int64_t *ret);
/** The same, 0 in place of none. */
int64_t column_integer(sqlite3_stmt *row, int i);
/** Integer or real; 0 in place of none. */
double column_real(sqlite3_stmt *row, int i);
bool column_is_null(sqlite3_stmt *row, int i);
