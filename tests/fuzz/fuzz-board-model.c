// SPDX-License-Identifier: Apache-2.0

/**
 * Whatever a station sends and the world does to a board: the input is a list of steps, each an operation, an
 * argument and, for a transfer, a frame. A station of a few lines listens along. Whatever happens, the needle
 * moves only when everything allows it, what the board sends can be read, and no stroke is lost or comes
 * twice.
 */

#include <stdlib.h>
#include <string.h>

#include "board-model.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

typedef enum Step {
	STEP_RAW,      /* a frame as it stands in the input */
	STEP_SEALED,   /* with marker, link, sequence and CRC put right */
	STEP_BEAT,     /* the listening station's own heartbeat; odd: it has no room for the answer */
	STEP_COMMAND,  /* the command of that number, well formed */
	STEP_ADVANCE,  /* by the argument, in milliseconds */
	STEP_PINS,     /* pedal, emergency stop, ENABLE, RESET from the argument's bits */
	STEP_CHIP,     /* the cartridge of that number */
	STEP_MISCHIEF, /* of that kind */
	STEP_MAX,
} Step;

typedef struct Station {
	BoardModel board;
	uint16_t link, taken;
	bool again;
	bool full;          /* no room for what comes */
	uint64_t strokes;   /* of this link, taken */
	uint32_t forgotten; /* strokes that the board had made when the link began */
} Station;

static void check(bool holds)
{
	if (!holds)
		abort();
}

static void check_board(const BoardModel *board)
{
	uint16_t waiting = (uint16_t)(board->next_sequence - 1 - board->acknowledged);

	check(!board_model_running(board) || (board->armed && board->enable && board->pedal &&
						     !board->estop && board->fault == BOARD_FAULT_NONE &&
						     board->configured && board->agreed && !board->in_reset));
	check(!board->armed || board->fault == BOARD_FAULT_NONE);
	check(waiting < BOARD_MODEL_QUEUE && (uint16_t)(board->sent - board->acknowledged) <= waiting);
	check(board->n_gathered < BOARD_MODEL_SAMPLES && (board->n_gathered == 0 || board->armed));
	check(board_fault_to_string(board->fault) != NULL);
}

static void read_frame(Station *station, const uint8_t *bytes)
{
	StrokeSample samples[FRAME_SAMPLES_MAX];
	Frame frame;

	if (station->full || frame_decode(bytes, FRAME_FROM_BOARD, &frame) != FRAME_OK) {
		station->again = true;
		return;
	}
	if (station->link == 0 || frame.link != station->link)
		return;
	if (frame.type == FRAME_IDLE) {
		station->again = false;
		return;
	}
	if (frame.sequence != (uint16_t)(station->taken + 1)) {
		station->again |= (int16_t)(frame.sequence - station->taken) > 1;
		return;
	}
	station->taken++;
	station->again = false;
	if (frame.type == FRAME_SAMPLES) {
		int n = payload_get_samples(&frame, samples);

		check(n >= 1);
		station->strokes += (uint64_t)n;
	}
}

/** A new link, or none after a reset, drops what was not fetched: counting begins anew. */
static void follow_link(Station *station)
{
	if (station->board.link == station->link)
		return;
	station->link = station->board.link;
	station->taken = 0;
	station->again = false;
	station->strokes = 0;
	station->forgotten = station->board.strokes;
}

static void transfer(Station *station, const uint8_t *tx)
{
	uint8_t rx[STIPPLE_FRAME_BYTES];
	bool honest = station->board.mischief.corrupt_tx == 0 && station->board.mischief.drop == 0 &&
		      station->board.mischief.hang_us == 0 && !station->board.in_reset;
	Frame frame;

	board_model_transfer(&station->board, tx, rx);
	check(!honest || frame_decode(rx, FRAME_FROM_BOARD, &frame) == FRAME_OK);
	read_frame(station, rx);
	follow_link(station);
}

/** What a fuzzer makes up must not acknowledge for the station, or strokes would be forgotten rightly. */
static void send(Station *station, Frame *frame)
{
	uint8_t tx[STIPPLE_FRAME_BYTES];

	frame->marker = FRAME_FROM_STATION;
	frame->acknowledge = station->taken;
	if (station->again)
		frame->flags |= FRAME_FLAG_AGAIN;
	frame_encode(frame, tx);
	transfer(station, tx);
}

static void beat(Station *station)
{
	send(station, &(Frame){ .type = FRAME_IDLE, .link = station->link });
}

static void send_raw(Station *station, const uint8_t *bytes)
{
	Frame frame;

	if (frame_decode(bytes, FRAME_FROM_STATION, &frame) == FRAME_OK)
		send(station, &frame);
	else
		transfer(station, bytes);
}

static void send_sealed(Station *station, uint8_t argument, const uint8_t *bytes)
{
	Frame frame = {
		.type = bytes[1],
		.link = argument & 1 ? station->link : (uint16_t)(bytes[2] | bytes[3] << 8),
		.sequence = argument & 2 ? (uint16_t)(station->board.command_sequence + 1)
					 : (uint16_t)(bytes[4] | bytes[5] << 8),
		.flags = bytes[12],
		.length = bytes[15] % (FRAME_PAYLOAD_MAX + 1),
	};

	memcpy(frame.payload, bytes + FRAME_HEADER_BYTES, frame.length);
	send(station, &frame);
}

static void send_command(Station *station, uint8_t argument)
{
	Frame frame = { .link = station->link, .sequence = (uint16_t)(station->board.command_sequence + 1) };

	switch (argument % 9) {
	case FRAME_HELLO:
		payload_put_hello(&frame, &(HelloPayload){ 1, 1 });
		if (station->link == 0 || argument & 0x80) {
			frame.link = (uint16_t)(station->link + 1) ? (uint16_t)(station->link + 1) : 1;
			frame.sequence = 1;
		}
		break;
	case FRAME_CONFIGURE:
		payload_put_settings(&frame, &(BoardSettings){ 800, 1500, 120, 90, 900 });
		break;
	case FRAME_ARM:
		payload_put_arm(&frame, &(ArmPayload){ .claim = 1, .chip = station->board.chip });
		break;
	case FRAME_CLEAR_FAULT:
		payload_put_clear_fault(&frame, (uint8_t)station->board.fault);
		break;
	default:
		payload_put_command(&frame, (FrameType)(argument % 9));
	}
	send(station, &frame);
}

static void set_pins(BoardModel *board, uint8_t argument)
{
	board_model_set_pedal(board, argument & 1);
	board_model_set_estop(board, argument & 2);
	board_model_set_enable(board, argument & 4);
	if (((argument & 8) != 0) != board->in_reset)
		board_model_set_reset(board, argument & 8);
}

static void set_mischief(BoardModelMischief *mischief, uint8_t argument)
{
	switch (argument % 9) {
	case 0:
		mischief->corrupt_tx = argument / 9;
		break;
	case 1:
		mischief->corrupt_rx = argument / 9;
		break;
	case 2:
		mischief->drop = argument / 9;
		break;
	case 3:
		mischief->hang_us = argument * 1000u;
		break;
	case 4:
		mischief->over_force = true;
		break;
	case 5:
		mischief->over_depth = true;
		break;
	case 6:
		mischief->over_temperature ^= true;
		break;
	case 7:
		mischief->stuck_data_ready ^= true;
		break;
	default:
		mischief->self_test = argument / 9;
	}
}

/** Takes one step; returns how many bytes it used beyond operation and argument. */
static size_t take_step(Station *station, Step step, uint8_t argument, const uint8_t *data, size_t size)
{
	uint8_t frame[STIPPLE_FRAME_BYTES] = { 0 };
	size_t used = size < sizeof frame ? size : sizeof frame;

	switch (step) {
	case STEP_RAW:
		memcpy(frame, data, used);
		send_raw(station, frame);
		return used;
	case STEP_SEALED:
		memcpy(frame, data, used);
		send_sealed(station, argument, frame);
		return used;
	case STEP_BEAT:
		station->full = argument & 1;
		beat(station);
		station->full = false;
		break;
	case STEP_COMMAND:
		send_command(station, argument);
		break;
	case STEP_ADVANCE:
		board_model_advance(&station->board, argument * 1000u);
		break;
	case STEP_PINS:
		set_pins(&station->board, argument);
		break;
	case STEP_CHIP:
		board_model_set_chip(&station->board,
			&(ChipId){ .length = argument % (FRAME_CHIP_ID_MAX + 1), .bytes = { argument } });
		break;
	case STEP_MISCHIEF:
		set_mischief(&station->board.mischief, argument);
		break;
	case STEP_MAX:
		break;
	}
	follow_link(station);
	return 0;
}

/** Once the wire is good again everything arrives: each stroke of this link, once. */
static void settle(Station *station)
{
	station->board.mischief = (BoardModelMischief){ 0 };
	board_model_set_reset(&station->board, false);
	board_model_set_pedal(&station->board, false);
	for (int i = 0; i < 4 * BOARD_MODEL_QUEUE; i++)
		beat(station);
	check(!board_model_data_ready(&station->board));
	check(station->link == 0 || station->strokes == station->board.strokes - station->forgotten);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BoardModelConfig config = { .identity = board_model_identity, .mechanics_scale = 1, .seed = 1 };
	Station station = { 0 };

	if (size < 1)
		return 0;
	config.mechanics_scale = data[0];
	board_model_init(&station.board, &config);
	for (data++, size--; size >= 2;) {
		Step step = (Step)(data[0] % STEP_MAX);
		uint8_t argument = data[1];
		size_t used;

		data += 2;
		size -= 2;
		used = take_step(&station, step, argument, data, size);
		data += used;
		size -= used;
		check_board(&station.board);
		(void)board_model_next_us(&station.board);
	}
	settle(&station);
	return 0;
}
