/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Judges alarms that are active, and their sound. Pure. */

#include "decide/check.h"
#include "state/state.h"

/** The active alarm with this id ("alert.break-due"); NULL: it is not active. Borrowed from the state. */
const Alarm *alarm_active(const State *state, const char *id);
/** The check of the sound for `doctor`: who sounds the alarms, and how that went. */
void alarm_check_sound(const State *state, StationCheck *check);
