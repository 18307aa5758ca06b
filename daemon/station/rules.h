/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Reads the rules in force: protocols and compliance profile. It blocks on the disk: use it only at the
 * start.
 */

#include "station/station.h"

/** Reads protocols and profile into the state; an error leaves the station inert. */
void rules_load(Station *station);
/**
 * The profile and protocols in force with the digests of their files, and the settings that matter for safety
 * and compliance. A new reference; NULL when out of memory. Reads the files.
 */
json_t *rules_in_force(const State *state);
