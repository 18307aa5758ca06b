/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The SQL of the ledger, as the files in sql/ have it: embed.py makes C of them. No other file has a
 * statement of more than a line.
 */

#include "ledger/ledger-private.h"

/** Element N: tables and views that make version N + 1 of version N. */
extern const char *const sql_schema[LEDGER_SCHEMA_VERSION];
