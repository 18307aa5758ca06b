/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What the daemon needs from the machine for a safe needle, and what `doctor` reports when the machine
 * refuses it. A refusal must not keep the daemon from starting.
 */

#include <stdbool.h>

#include "config/config.h"
#include "station/station.h"

/**
 * Locks the process's memory. Call it before the first thread starts, so that its stack is locked as well. A
 * refusal is logged and the daemon goes on. Returns 0 or the negative errno of the refusal.
 */
int machine_hold_memory(void);

/** Each function fills in a zeroed check. `error` is the result of machine_hold_memory(). */
void machine_check_memory(const Config *config, int error, StationCheck *check);
/** Checks whether ENABLE could stay high when the daemon dies. */
void machine_check_outputs(const Config *config, StationCheck *check);
