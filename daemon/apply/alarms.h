/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Applies alarms and their ends to the state. */

#include "apply/apply.h"

/** The alarm that a fault raises. Never NULL for a fault of the table. */
const AlarmCause *alarm_of_fault(ControlFault fault, BoardFault board_fault);
/** A latched fault raises its alarm; the one before has ended. */
void fault_alarm_apply(State *state, const AlarmCause *cause, const char *text, int64_t now_us);
/** The latched fault was acknowledged. */
void fault_alarm_over_apply(State *state);
/** The record alert.acknowledged. */
void alarm_acknowledged_apply(State *state, const AppliedRecord *record);
