/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Deletes photographs: those of a person whose data was erased, whose digests stay on record, and those that
 * no record names.
 */

#include "station/station.h"

typedef struct Eraser {
	bool wanted; /* there may be some of erased people that are not being deleted yet */
	bool running;
	int64_t not_before_us; /* monotonic: after a failure */
	json_int_t after;      /* the record of the last one that was looked at */
	json_t *images; /* that were there before the start, until it was asked which no record names */
} Eraser;

/** Begins with the photographs whose erasure is on record. */
void erase_images(Station *station);
/** Goes on where that waits, and asks once which photographs from before the start no record names. */
void erase_tick(Station *station);
/** Deletes a photograph that no record will name. */
void erase_unrecorded(Station *station, const char *file);
