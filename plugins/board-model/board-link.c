/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The board's side of the link: it takes the station's frames, carries out their commands, and sends the
 * board's own frames. It must not take a command when there is no room for the answer.
 */

#include "board-model-private.h"

#include <string.h>

enum { TEMPERATURE_CC = 3150, SUPPLY_MV = 12000, IDLE_MA = 15 };

/* ---- commands ---- */

static bool settings_in_range(const BoardModel *model, const BoardSettings *settings)
{
	const BoardIdentity *limits = &model->config.identity;

	return settings->depth_um >= 1 && settings->depth_um <= settings->depth_limit_um &&
	       settings->depth_limit_um <= limits->depth_max_um && settings->rate_hz >= 1 &&
	       settings->rate_hz >= limits->rate_min_hz && settings->rate_hz <= limits->rate_max_hz &&
	       settings->dwell_ms >= 1 && settings->dwell_ms <= limits->dwell_max_ms &&
	       settings->force_limit_mn >= 1 && settings->force_limit_mn <= limits->force_max_mn;
}

static BoardResult configure(BoardModel *model, const Frame *frame)
{
	BoardSettings settings;

	if (model->armed)
		return BOARD_RESULT_STATE;
	if (!payload_get_settings(frame, &settings) || !settings_in_range(model, &settings))
		return BOARD_RESULT_RANGE;
	model->settings = settings;
	model->configured = true;
	return BOARD_RESULT_OK;
}

static BoardResult arm(BoardModel *model, const Frame *frame)
{
	ArmPayload claim;

	if (!payload_get_arm(frame, &claim) || claim.claim == 0)
		return BOARD_RESULT_RANGE;
	if (model->armed || !model->configured || model->fault != BOARD_FAULT_NONE || model->estop ||
		model->pedal)
		return BOARD_RESULT_STATE;
	if (!board_model_same_chip(&claim.chip, &model->chip))
		return BOARD_RESULT_CHIP;
	model->claim = claim;
	model->armed = true;
	return BOARD_RESULT_OK;
}

/** Whether the cause of a fault still holds, so that it would latch again at once. */
static bool cause_holds(const BoardModel *model)
{
	return model->estop || model->mischief.over_temperature ||
	       (model->fault == BOARD_FAULT_OVERRUN && board_model_queued(model) >= QUEUE_STROKES) ||
	       (model->fault == BOARD_FAULT_SELF_TEST && model->mischief.self_test);
}

static BoardResult clear_fault(BoardModel *model, const Frame *frame)
{
	uint8_t fault;

	if (!payload_get_clear_fault(frame, &fault))
		return BOARD_RESULT_RANGE;
	if (fault != model->fault || cause_holds(model))
		return BOARD_RESULT_STATE;
	model->fault = BOARD_FAULT_NONE;
	return BOARD_RESULT_OK;
}

static void answer_status(BoardModel *model, Frame *answer)
{
	bool hot = model->mischief.over_temperature;
	BoardStatus status = {
		.temperature_cc =
			(int16_t)(hot ? model->config.identity.temperature_max_cc + 100 : TEMPERATURE_CC),
		.current_ma = board_model_running(model) ? 190 : IDLE_MA,
		.supply_mv = SUPPLY_MV,
		.strokes = model->strokes,
		.bad_frames = model->bad_frames,
		.claim = model->claim.claim,
	};

	payload_put_status(answer, &status);
}

static void answer_hello(BoardModel *model, const Frame *frame, Frame *answer)
{
	HelloPayload hello;
	bool common = payload_get_hello(frame, &hello) && hello.version_min <= FRAME_PROTOCOL_VERSION &&
		      hello.version_max >= FRAME_PROTOCOL_VERSION;

	model->agreed = common;
	if (!common)
		board_model_disarm(model); /* a station without a common version could not stop it */
	payload_put_identity(
		answer, common ? BOARD_RESULT_OK : BOARD_RESULT_VERSION, &model->config.identity);
}

/** Fills either `answer` or `ret_result`. */
static void run_command(BoardModel *model, const Frame *frame, Frame *answer, BoardResult *ret_result)
{
	switch (frame->type) {
	case FRAME_STATUS:
		answer_status(model, answer);
		break;
	case FRAME_READ_CHIP:
		payload_put_chip(answer, FRAME_READ_CHIP | FRAME_ANSWER, &model->chip);
		break;
	case FRAME_SELF_TEST:
		if (model->armed)
			*ret_result = BOARD_RESULT_STATE;
		else
			payload_put_self_test(answer, model->mischief.self_test);
		break;
	case FRAME_CONFIGURE:
		*ret_result = configure(model, frame);
		break;
	case FRAME_ARM:
		*ret_result = arm(model, frame);
		break;
	case FRAME_DISARM:
		board_model_disarm(model);
		*ret_result = BOARD_RESULT_OK;
		break;
	case FRAME_CLEAR_FAULT:
		*ret_result = clear_fault(model, frame);
		break;
	}
}

static void execute(BoardModel *model, const Frame *frame)
{
	Frame answer = { 0 };
	BoardResult result = BOARD_RESULT_UNKNOWN;

	if (frame->type == FRAME_HELLO)
		answer_hello(model, frame, &answer);
	else if (!model->agreed)
		result = BOARD_RESULT_VERSION;
	else
		run_command(model, frame, &answer, &result);
	if (answer.type == 0)
		payload_put_result(&answer, (FrameType)frame->type, result);
	board_model_enqueue(model, &answer);
}

/**
 * A new link number makes both sides restart at sequence 1; a frame with an old number is a leftover of an
 * earlier connection.
 */
static bool link_fits(BoardModel *model, const Frame *frame)
{
	if (frame->type != FRAME_HELLO || frame->link == model->link)
		return frame->link == model->link && model->link != 0;
	if (frame->link == 0 || frame->sequence != 1)
		return false;
	board_model_start_link(model, frame->link);
	return true;
}

static void take_acknowledgement(BoardModel *model, const Frame *frame)
{
	uint16_t ahead = (uint16_t)(frame->acknowledge - model->acknowledged);

	if (ahead <= board_model_queued(model)) {
		model->acknowledged = frame->acknowledge;
		if ((uint16_t)(model->sent - model->acknowledged) > BOARD_MODEL_QUEUE)
			model->sent = model->acknowledged;
	}
	if (frame->flags & FRAME_FLAG_AGAIN)
		model->sent = model->acknowledged;
	board_model_tell_chip(model);
}

static void take_frame(BoardModel *model, const uint8_t *bytes)
{
	Frame frame;

	if (frame_decode(bytes, FRAME_FROM_STATION, &frame) != FRAME_OK) {
		model->bad_frames++;
		return;
	}
	if (!link_fits(model, &frame))
		return;
	model->heard_us = model->now_us;
	take_acknowledgement(model, &frame);
	if (frame.flags & FRAME_FLAG_STOP)
		board_model_disarm(model);
	/* no room for the answer: the command is not taken, and the station sends it again */
	if (frame.type != FRAME_IDLE && frame.sequence == (uint16_t)(model->command_sequence + 1) &&
		board_model_queued(model) < QUEUE_COMMANDS) {
		model->command_sequence = frame.sequence;
		execute(model, &frame);
	}
}

static uint16_t state_flags(const BoardModel *model, bool more)
{
	return (uint16_t)((model->armed ? FRAME_FLAG_ARMED : 0) |
			  (board_model_running(model) ? FRAME_FLAG_RUNNING : 0) |
			  (model->pedal ? FRAME_FLAG_PEDAL : 0) | (model->estop ? FRAME_FLAG_ESTOP : 0) |
			  (model->enable ? FRAME_FLAG_ENABLED : 0) |
			  (model->chip.length ? FRAME_FLAG_CARTRIDGE : 0) | (more ? FRAME_FLAG_MORE : 0));
}

/**
 * The next unsent frame. When all were sent and some are not acknowledged, starts again from the first of
 * them.
 */
static void compose(BoardModel *model, uint8_t *ret)
{
	uint16_t last = (uint16_t)(model->next_sequence - 1);
	Frame frame = { 0 };

	if (last != model->acknowledged) {
		if (model->sent == last)
			model->sent = model->acknowledged;
		model->sent++;
		frame = model->queue[model->sent % BOARD_MODEL_QUEUE];
	}
	frame.marker = FRAME_FROM_BOARD;
	frame.link = model->link;
	frame.acknowledge = model->command_sequence;
	frame.time_us = (uint32_t)model->now_us;
	frame.flags = state_flags(model, model->sent != last);
	frame.fault = (uint8_t)model->fault;
	frame_encode(&frame, ret);
}

static bool count_down(uint32_t *n)
{
	if (*n == 0)
		return false;
	(*n)--;
	return true;
}

void board_model_transfer(BoardModel *model, const uint8_t *from_station, uint8_t *ret_to_station)
{
	uint8_t received[STIPPLE_FRAME_BYTES];

	if (board_model_is_absent(model) || count_down(&model->mischief.drop)) {
		memset(ret_to_station, 0, STIPPLE_FRAME_BYTES);
		return;
	}
	/* full duplex: the outgoing frame was composed before the incoming frame was read */
	memcpy(received, from_station, sizeof received);
	compose(model, ret_to_station);
	if (count_down(&model->mischief.corrupt_tx))
		ret_to_station[20 + model->mischief.corrupt_tx % 90] ^= 0x10;
	if (count_down(&model->mischief.corrupt_rx))
		received[20 + model->mischief.corrupt_rx % 90] ^= 0x10;
	take_frame(model, received);
}
