/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Shared by the board and its side of the link. Nothing outside this folder includes it. */

#include "board-model.h"

/*
 * A frame with a sequence number is never lost, so the queue must not fill up: strokes stop at
 * QUEUE_STROKES, and commands wait at QUEUE_COMMANDS. A second fault needs a command in between, and after
 * QUEUE_STROKES at most one more frame of strokes comes. So the remaining space always holds the fault and
 * the last strokes before it.
 */
enum {
	QUEUE_PACES = 48, /* from here on a needle that runs faster than real time waits */
	QUEUE_STROKES = 56,
	QUEUE_COMMANDS = 60,
};

/** Starts a new link: both sides count from 1 again, and frames that were not acknowledged are dropped. */
void board_model_start_link(BoardModel *model, uint16_t link);
/** The number of frames that the station has not acknowledged. */
uint16_t board_model_queued(const BoardModel *model);
/** Gives `frame` the next sequence number and keeps it until it is acknowledged. */
void board_model_enqueue(BoardModel *model, const Frame *frame);
void board_model_disarm(BoardModel *model);
/** Reports the present chip. If the queue is long, several changes are combined into one frame. */
void board_model_tell_chip(BoardModel *model);
bool board_model_same_chip(const ChipId *a, const ChipId *b);
/** Whether the board hangs or is held in reset. */
bool board_model_is_absent(const BoardModel *model);
