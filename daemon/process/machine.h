/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What the daemon asks of the machine so that the needle is safe, and what `doctor` says where it is not
 * granted. A refusal must not keep the daemon from starting.
 */

#include <stdbool.h>

#include "config/config.h"
#include "station/station.h"

/**
 * Holds the process's memory where it is; before the first thread starts, so that its stack is held as well.
 * Where it is refused, that is logged and the daemon goes on. Returns 0 or the negative errno of the refusal.
 */
int machine_hold_memory(void);

/** Each fills a check that was zeroed. `error` is what machine_hold_memory() returned. */
void machine_check_memory(const Config *config, int error, StationCheck *check);
/** Whether ENABLE could stay high when the daemon dies. */
void machine_check_outputs(const Config *config, StationCheck *check);
