/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Queries a ledger's file, or a copy of one, without a station. */

#include "client.h"
#include "ledger/ledger.h"

/**
 * As ctl_query(), on the file ctl->ledger. A query that depends on a compliance profile needs ctl->profile:
 * a name or a file. The caller frees each element of *ret_columns and the list itself; on failure it is
 * unchanged. Blocks on the disk.
 */
int query_file(Ctl *ctl, const char *query, json_t *filter, CtlReader reader, void *userdata,
	uint64_t *ret_rows, char ***ret_columns) _must_check_;
/**
 * Adds to `filter` the figures of the compliance profile --profile that the query takes. CTL_DONE, or
 * CTL_USAGE or CTL_FAILED after printing.
 */
int query_add_figures(const Ctl *ctl, Ledger *ledger, const char *query, json_t *filter) _must_check_;
