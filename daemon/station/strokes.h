/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Strokes on their way to the ledger: counted, collected in chunks, and watched so that none waits too long.
 */

#include "state/density.h"
#include "state/stroke-chunk.h"
#include "station/station.h"

typedef struct Strokes {
	StrokeChunk chunk;
	uint64_t chunk_dots;
	int64_t chunk_since_us; /* CLOCK_MONOTONIC of the machine itself: when the chunk's first stroke
				   arrived */
	int64_t flushed_us, counts_us, samples_us; /* by the injected clock, like the following */
	int64_t statistics_us;                     /* when the zone's statistics were last recorded */
	bool statistics_stale;                     /* strokes were recorded since then */
	Zone told_zone;                            /* the density that was told last: of which zone, ... */
	DensityLevel told_level;                   /* ... and what */
} Strokes;

/** Starts again for another session or zone. */
void strokes_reset(Strokes *strokes);
void station_take_strokes(Station *station, const StrokeSample *samples, uint32_t n);
/** Says once how far the chosen zone is, when that comes to be 90 % of its target, or all of it. */
void strokes_tell_density(Station *station);
/** Passes the collected chunk and the zone's statistics to the ledger. */
void station_flush_strokes(Station *station);
/** Passes the chunk on when it is due, and stops the needle when more strokes wait than may be lost. */
void station_watch_strokes(Station *station);
/** Every second: ends a contact that gets no more strokes. */
void station_watch_contact(Station *station);
/**
 * Ends the current contact: the board has stopped, or the zone changes. Do not call it when the pedal is
 * released or a fault is latched, because the needle's last strokes arrive after that.
 */
void station_end_contact(Station *station);
/** Stops the needle with a latched fault, explained by `reason`, a sentence without full stop. */
void station_stop_by_host(Station *station, const char *reason);
