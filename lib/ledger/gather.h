/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A ledger's file made of a station's records that came from elsewhere, such as the clinic's mirror, so that
 * every question can be asked of them. What is kept beside the records at the station (names, contacts,
 * files) is not in it: those columns stay empty, as after an erasure. Whether the records are the station's
 * is for the caller to find out: ledger_gather_root() gives what a signed checkpoint must say.
 *
 * Functions return 0 or a negative errno with a sentence in `error`. They block on the disk; one thread.
 */

#include "ledger/ledger.h"
#include "tlog/merkle.h"
#include "util/cleanup.h"

typedef struct LedgerGather LedgerGather;

/**
 * Opens a file that was made so before, to add to it, or makes a new one. `ret_records`: how many records,
 * from number 1 on, it has. -EPROTO: the file is something else, or of another version.
 */
int ledger_gather_open(
	const char *path, LedgerGather **ret, uint64_t *ret_records, Error *error) _must_check_;
/** What was added since the last ledger_gather_finish() is not kept. Accepts NULL; returns NULL. */
LedgerGather *ledger_gather_free(LedgerGather *gather);
DEFINE_CLEANUP(LedgerGather *, ledger_gather_free, ledger_gather_freep);

/**
 * Adds the stored bytes of a record, in any order and with gaps. -EBADMSG: it is not that record, or no
 * record; -EEXIST: it is there already.
 */
int ledger_gather_add(
	LedgerGather *gather, uint64_t record, const void *leaf, size_t size, Error *error) _must_check_;

/** How many records, from number 1 on, came in order without a gap. */
uint64_t ledger_gather_size(const LedgerGather *gather);
/** The root of the tree of all records. -ENODATA unless they came in order without a gap. */
int ledger_gather_root(const LedgerGather *gather, MerkleHash *ret) _must_check_;

/**
 * Makes the tables of what was added, and keeps it. No records may be added out of order after that. -EPROTO:
 * a kind of record is not known to this version.
 */
int ledger_gather_finish(LedgerGather *gather, Error *error) _must_check_;
