/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The board's own side of the protocol, in portable C without OS calls, clocks or allocation, so that a
 * firmware author can start from it. The simulator plugin runs it inside the daemon; behind a character
 * device it answers the kernel's SPI.
 *
 * The owner tells it how much time has passed and what its pins read, and carries its frames. A simulated
 * operator and the skin (skin-model.h) replace motor and sensors.
 */

#include "skin-model.h"
#include "stipple/board-frame.h"

enum {
	BOARD_MODEL_QUEUE = 64,        /* frames kept until they are acknowledged */
	BOARD_MODEL_SAMPLES = 9,       /* gathered before a frame is closed */
	BOARD_MODEL_GATHER_US = 20000, /* or this long after the first */
};

typedef struct BoardModelConfig {
	BoardIdentity identity;   /* as HELLO reports it; version is filled in */
	uint32_t mechanics_scale; /* needle and skin run this many times faster than the link; 1 is real time
				   */
	uint32_t seed;
} BoardModelConfig;

/** What tests and the demo may do to a board. */
typedef struct BoardModelMischief {
	uint32_t corrupt_tx, corrupt_rx; /* a wrong bit in the next n frames to, from the station */
	uint32_t drop;                   /* the next n transfers never reach the board, which sends zeroes */
	uint64_t hang_us;                /* for this much longer it neither moves nor answers */
	bool over_force, over_depth;     /* the next stroke is out of bounds */
	bool over_temperature;
	bool stuck_data_ready;
	uint32_t self_test; /* SelfTestBits that fail */
} BoardModelMischief;

typedef struct BoardModel {
	BoardModelConfig config;
	BoardModelMischief mischief;
	SkinModel skin;
	/* pins, as the board sees them */
	bool pedal, estop, enable, in_reset;
	/* the cartridge */
	ChipId chip;
	bool chip_untold; /* changed, but not yet reported in a frame */
	/* link */
	uint64_t now_us, heard_us;
	uint16_t link, command_sequence, next_sequence, acknowledged, sent;
	Frame queue[BOARD_MODEL_QUEUE]; /* acknowledged + 1 .. next_sequence - 1, by sequence modulo size */
	bool agreed;                    /* HELLO found a common protocol version */
	uint32_t bad_frames;
	/* drive */
	bool configured, armed;
	BoardSettings settings;
	ArmPayload claim;
	BoardFault fault;
	uint64_t mechanics_us, next_stroke_us;
	uint32_t strokes;
	StrokeSample gathered[BOARD_MODEL_SAMPLES];
	uint32_t n_gathered;
	uint64_t gathered_us;
} BoardModel;

/** Default identity: a board with every capability, 250 ms watchdog. */
extern const BoardIdentity board_model_identity;

void board_model_init(BoardModel *model, const BoardModelConfig *config);
/**
 * Resets the board as a pulse on the RESET line or a power-up does: link, settings and faults are gone, the
 * world (chip, pins, skin) stays. A pressed emergency stop and a failed self-test latch again.
 */
void board_model_reset(BoardModel *model);

/** The RESET line. While it is active the board does nothing and sends zeroes. */
void board_model_set_reset(BoardModel *model, bool active);
void board_model_set_pedal(BoardModel *model, bool down);
void board_model_set_estop(BoardModel *model, bool pressed);
void board_model_set_enable(BoardModel *model, bool active);
/** length 0: the chip is taken out. */
void board_model_set_chip(BoardModel *model, const ChipId *chip);

/** Lets link time pass. Call at least every few milliseconds while running. */
void board_model_advance(BoardModel *model, uint64_t elapsed_us);
/**
 * Link time until the next event that neither a pin nor a frame causes: a stroke, a full gathering time, the
 * watchdog, the end of a hang. UINT64_MAX: there is none. board_model_advance() may be called earlier or
 * later.
 */
uint64_t board_model_next_us(const BoardModel *model);

/** One full-duplex transfer of STIPPLE_FRAME_BYTES each way. */
void board_model_transfer(BoardModel *model, const uint8_t *from_station, uint8_t *ret_to_station);

/** Level of the DATA_READY pin: active while a frame that must arrive is not acknowledged. */
bool board_model_data_ready(const BoardModel *model);
/** The needle is moving. */
bool board_model_running(const BoardModel *model);
