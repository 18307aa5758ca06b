/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The station's own records, for which nobody waits: strokes, faults, alerts. While the ledger cannot write,
 * they are kept in memory, and passed to the ledger again as soon as it can. Their order never changes.
 */

#include "apply/apply.h"
#include "state/stroke-chunk.h"
#include "station/station.h"

enum { JOURNAL_KEPT_MAX = 4096 };

typedef struct KeptRecord KeptRecord;

typedef struct Journal {
	KeptRecord *kept; /* not committed yet, oldest first */
	size_t n_kept;
} Journal;

/**
 * Call when a record was committed: sets its times, applies it to the state, tells observers, and does what
 * must follow from it.
 */
void station_commit(Station *station, AppliedRecord *record);
/**
 * Records something that nobody waits for. Takes `body`; `kind` is static. A record that the ledger could not
 * take is kept, and all later ones wait behind it.
 */
void station_record(Station *station, const char *kind, json_t *body);
/** The same for a record that takes effect at once: it is applied now, and its commit changes nothing more.
 */
void station_record_in_force(Station *station, const char *kind, json_t *body);
/**
 * The same for the strokes of `chunk`, which is copied; the oldest arrived at `since_us`, in the machine's
 * monotonic time. -ENOMEM, or -ENOBUFS when JOURNAL_KEPT_MAX records wait: it is then not kept.
 */
int station_record_strokes(
	Station *station, json_t *body, const StrokeChunk *chunk, int64_t since_us) _must_check_;
/**
 * Number of strokes that the ledger has not recorded yet. `ret_since_us` gets the machine's monotonic time
 * when the oldest arrived, and is untouched when there are none.
 */
uint64_t journal_strokes(const Journal *journal, int64_t *ret_since_us);
/** Whether a kept record must be passed to the ledger again. */
bool journal_owes(const Journal *journal);
/** Passes the kept records to the ledger again, in order, once the ledger has answered all that it has. */
void station_record_again(Station *station);
/** At the end: logs how many records are lost. */
void journal_forget(Journal *journal);
