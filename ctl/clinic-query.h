/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Asks a question of all stations of a clinic: the records of one station after the other are read into a
 * ledger of its own, and the question that a station answers is run over it. Each row says which station it
 * is of.
 */

#include "client.h"

/**
 * As query_file(), over the stations of --clinic. The argument station= narrows it to one. What is signed by
 * a pinned key and was read whole is proved to be complete; a question about one cartridge, lot, person or
 * session reads only what concerns it, and --proofs proves its rows one by one.
 */
int clinic_query(Ctl *ctl, const char *query, json_t *filter, CtlReader reader, void *userdata,
	uint64_t *ret_rows, char ***ret_columns) _must_check_;
