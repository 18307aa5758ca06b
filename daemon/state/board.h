/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The needle-driver board's last known state, and the latched fault. They come from no record. */

#include <stdbool.h>
#include <stdint.h>

#include "control/fact.h"

enum { FAULT_TEXT_MAX = 1024 };

/** NONE: nothing is latched. */
typedef struct Fault {
	ControlFault fault;
	BoardFault board_fault;
	char text[FAULT_TEXT_MAX];
	unsigned number; /* counts the faults latched since the start */
} Fault;

typedef struct Board {
	bool is_there; /* the station drives a board */
	bool connected, self_test_done, pedal, emergency_stop;
	uint32_t self_test_failed;        /* SelfTestBits */
	BoardIdentity identity;           /* zero until a board has answered once */
	char error[STIPPLE_ERROR_MAX];    /* why it is not connected; "" not known */
	ChipId chip;                      /* in the handpiece */
	char stop_reason[FAULT_TEXT_MAX]; /* reason for the next CONTROL_FAULT_HOST; "" not known */
	Fault fault;
} Board;

/** Whether the angle of a dot means anything. */
static inline bool board_senses_angle(const Board *board)
{
	return board->identity.capabilities & BOARD_CAN_SENSE_ANGLE;
}
