/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What `stipplectl doctor` reports about the station, from its state. */

#include "decide/check.h"
#include "state/state.h"

/** Input that the state does not contain. */
typedef struct DoctorInput {
	const char *reload_refused, *reload_advice; /* "": no new configuration was rejected */
	const ControlCounters *link;                /* NULL: there is no board */
	StationCheck ledger;                        /* text and advice */
} DoctorInput;

/** Returns how many it filled in, at most STATION_CHECKS_MAX. */
size_t doctor_check(const State *state, const DoctorInput *input, StationCheck ret[STATION_CHECKS_MAX]);
