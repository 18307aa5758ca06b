/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the board itself and its side of the link share. Nothing outside of this folder includes it. */

#include "board-model.h"

/*
 * Nothing that got a number is ever lost, so the queue must not fill up: strokes stop at the first mark,
 * commands wait at the second. Between two faults lies a command, and after a mark at most one frame of
 * strokes comes, so what is left always holds the fault and the last strokes before it.
 */
enum {
	QUEUE_PACES = 48, /* a needle that runs faster than real time waits */
	QUEUE_STROKES = 56,
	QUEUE_COMMANDS = 60,
};

/** Both sides count from 1 again; what was not acknowledged by then belongs to nobody. */
void board_model_start_link(BoardModel *model, uint16_t link);
/** Numbered frames that the station has not acknowledged. */
uint16_t board_model_queued(const BoardModel *model);
/** Gives `frame` the next sequence number and keeps it until it is acknowledged. */
void board_model_enqueue(BoardModel *model, const Frame *frame);
void board_model_disarm(BoardModel *model);
/** Several changes while the queue is long become one frame that names the present chip. */
void board_model_tell_chip(BoardModel *model);
bool board_model_same_chip(const ChipId *a, const ChipId *b);
/** Hung or held in reset. */
bool board_model_is_absent(const BoardModel *model);
