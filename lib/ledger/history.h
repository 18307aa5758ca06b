/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The records of one session, as they were committed: for whoever has to know again how it stood. */

#include "ledger/ledger.h"

/** All pointers are borrowed for the call. */
typedef struct LedgerPast {
	uint64_t seq;
	int64_t utc_us;
	const char *kind;
	json_t *body;
	const void *attachment; /* NULL: it has none */
	size_t attachment_size;
} LedgerPast;

typedef struct LedgerHistory {
	uint64_t records;
	int64_t newest_utc_us; /* of the session's last record */
	bool restored;         /* the ledger was brought back from a backup after that */
	json_t *rules; /* in force when it began (station.started); the caller's; NULL not on record */
} LedgerHistory;

/** Negative ends the reading, and is what it returns. */
typedef int (*LedgerPastTake)(void *userdata, const LedgerPast *past);

/**
 * Hands the records of `session` to `take`, in their order, out of one snapshot. With a connection of its
 * own, which changes nothing. Blocks on the disk: some 15 MB for a session of five hours. -EUCLEAN: a record
 * cannot be read; else the errno of opening the file, with one sentence in `error`.
 */
int ledger_history(const char *path, uint64_t session, LedgerPastTake take, void *userdata,
	LedgerHistory *ret, Error *error) _must_check_;
