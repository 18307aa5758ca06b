/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Deletes photographs: those of a person whose data was erased (the digests stay on record), and those that
 * no record names.
 */

#include "station/station.h"

typedef struct Eraser {
	bool wanted; /* some photographs of erased people may not be deleted yet */
	bool running;
	int64_t not_before_us; /* monotonic; the earliest time to retry after a failure */
	json_int_t after;      /* the last record that was checked */
	json_t *images; /* photographs from before the start, until the ledger has been asked which of them no
			   record names */
} Eraser;

/** Starts deleting the photographs whose erasure is on record. */
void erase_images(Station *station);
/** Continues a deletion that waits, and asks once which photographs from before the start no record names. */
void erase_tick(Station *station);
/** Deletes a photograph that no record will name. */
void erase_unrecorded(Station *station, const char *file);
