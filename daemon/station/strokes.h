/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Strokes on their way to the ledger: counted, collected in chunks, and watched that none waits too long. */

#include "state/stroke-chunk.h"
#include "station/station.h"

typedef struct Strokes {
	StrokeChunk chunk;
	uint64_t chunk_dots;
	int64_t chunk_since_us; /* of CLOCK_MONOTONIC, the machine's own: when its first stroke came */
	int64_t flushed_us, counts_us, samples_us; /* of the injected clock, as the following */
	int64_t statistics_us;                     /* when those of the zone were recorded last */
	bool statistics_stale;                     /* strokes were recorded since */
} Strokes;

/** Another session or zone begins. */
void strokes_reset(Strokes *strokes);
void station_take_strokes(Station *station, const StrokeSample *samples, uint32_t n);
/** Hands what was collected to the ledger: the chunk, and the zone's statistics. */
void station_flush_strokes(Station *station);
/** Hands over the chunk when it is due, and stops the needle when more waits than may be lost. */
void station_watch_strokes(Station *station);
/** Each second: ends a contact after which no more strokes came. */
void station_watch_contact(Station *station);
/** Ends a contact under way: the board has stopped, or the zone changes. Not when the pedal is released or a
 * fault is latched, as the needle's last strokes come after that. */
void station_end_contact(Station *station);
/** Stops the needle with a latched fault, which `reason`, a sentence without its end, explains. */
void station_stop_by_host(Station *station, const char *reason);
