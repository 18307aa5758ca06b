/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The needle-driver board as it showed itself last, and the fault that is latched. No record makes these. */

#include <stdbool.h>
#include <stdint.h>

#include "control/fact.h"

enum { FAULT_TEXT_MAX = 1024 };

/** NONE: nothing is latched. */
typedef struct Fault {
	ControlFault fault;
	BoardFault board_fault;
	char text[FAULT_TEXT_MAX];
	unsigned number; /* counts what was latched since the start */
} Fault;

typedef struct Board {
	bool is_there; /* the station drives a board; false: there is none to be asked */
	bool connected, self_test_done, pedal, emergency_stop;
	uint32_t self_test_failed; /* SelfTestBits */
	BoardIdentity identity;
	char error[STIPPLE_ERROR_MAX];    /* why it is not connected; "" not known */
	ChipId chip;                      /* in the handpiece */
	char stop_reason[FAULT_TEXT_MAX]; /* of the next CONTROL_FAULT_HOST; "" not known */
	Fault fault;
} Board;
