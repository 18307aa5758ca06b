/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Questions to a ledger's file, or to a copy of one, without a station. */

#include "client.h"

/**
 * As ctl_query(), of the file ctl->ledger. What goes by a compliance profile needs ctl->profile: a name, or a
 * file. *ret_columns, left as it is on failure, is the caller's: free() each, and the list. Blocks on the
 * disk.
 */
int query_file(Ctl *ctl, const char *query, json_t *filter, CtlReader reader, void *userdata,
	uint64_t *ret_rows, char ***ret_columns) _must_check_;
