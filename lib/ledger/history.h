/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The committed records of one session, for a caller that must rebuild the session's state. */

#include "ledger/ledger.h"

/** All pointers are borrowed and valid only during the call. */
typedef struct LedgerPast {
	uint64_t seq;
	int64_t utc_us;
	const char *kind;
	const char *actor;      /* the badge, or "station"; NULL: not in the record */
	json_t *body;           /* with what is kept beside the record, unless that was erased */
	const void *attachment; /* NULL: none */
	size_t attachment_size;
} LedgerPast;

typedef struct LedgerHistory {
	uint64_t records;
	int64_t newest_utc_us; /* time of the session's last record */
	bool restored;         /* the ledger was restored from a backup after that */
	json_t *rules; /* rules in force when the session began (station.started); owned by the caller; NULL:
			  not on record */
} LedgerHistory;

/** A negative result ends the reading and is returned. */
typedef int (*LedgerPastTake)(void *userdata, const LedgerPast *past);

/**
 * Passes the records of `session` to `take`, in order, from one snapshot. It uses its own read-only
 * connection. Blocks on the disk: about 15 MB for a session of five hours. -EUCLEAN: a record cannot be read;
 * else the errno of opening the file, with one sentence in `error`.
 */
int ledger_history(const char *path, uint64_t session, LedgerPastTake take, void *userdata,
	LedgerHistory *ret, Error *error) _must_check_;
