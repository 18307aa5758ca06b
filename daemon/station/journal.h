/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Records of the station's own that nobody waits for: strokes, faults, alerts. While the ledger cannot write,
 * they are kept in memory, and handed over again as soon as it can. None may overtake another.
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

/** A record was committed: the state follows it, observers hear of it, and what it brings about is done. */
void station_commit(Station *station, const AppliedRecord *record);
/**
 * A record that nobody waits for. Takes `body`; `kind` is static. What the ledger could not take is kept, and
 * all that follows waits behind it.
 */
void station_record(Station *station, const char *kind, json_t *body);
/** The same of one that is in force at once. Its commit changes nothing more. */
void station_record_in_force(Station *station, const char *kind, json_t *body);
/** The same with `size` bytes, which are copied. -ENOMEM, or -ENOBUFS when JOURNAL_KEPT_MAX are waiting: not
 * kept. */
int station_record_attached(
	Station *station, const char *kind, json_t *body, const void *data, size_t size) _must_check_;
/** The same of `strokes` strokes, the oldest of which came at `since_us`, the machine's monotonic time. */
int station_record_strokes(
	Station *station, json_t *body, const StrokeChunk *chunk, int64_t since_us) _must_check_;
/**
 * Strokes that the ledger has not recorded yet; `ret_since_us` gets the machine's monotonic time at which the
 * oldest of them came, and is untouched when there are none.
 */
uint64_t journal_strokes(const Journal *journal, int64_t *ret_since_us);
/** Whether something is kept that has to be handed over again. */
bool journal_owes(const Journal *journal);
/** Hands over again what is kept, in its order; not before the ledger has answered to all that it has. */
void station_record_again(Station *station);
/** At the end: logs how many are lost. */
void journal_forget(Journal *journal);
