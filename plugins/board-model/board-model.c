/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The board's side of the protocol. It makes no system call, reads no clock and allocates nothing, so that
 * firmware can begin from it. It must not lose a numbered frame, nor run the needle while a fault is latched.
 */

#include "board-model.h"

#include <string.h>

const BoardIdentity board_model_identity = {
	.serial = "SIM-0001",
	.hardware_major = 1,
	.firmware_major = 1,
	.capabilities = BOARD_CAN_READ_CHIP | BOARD_CAN_SENSE_FORCE | BOARD_CAN_SENSE_ANGLE,
	.depth_max_um = 3000,
	.rate_min_hz = 20,
	.rate_max_hz = 200,
	.dwell_max_ms = 500,
	.force_max_mn = 2000,
	.current_max_ma = 1200,
	.temperature_max_cc = 5500,
	.watchdog_ms = 250,
};

enum { TEMPERATURE_CC = 3150, SUPPLY_MV = 12000, IDLE_MA = 15 };

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

void board_model_init(BoardModel *model, const BoardModelConfig *config)
{
	memset(model, 0, sizeof *model);
	model->config = *config;
	model->config.identity.version = FRAME_PROTOCOL_VERSION;
	if (model->config.mechanics_scale < 1)
		model->config.mechanics_scale = 1;
	skin_model_init(&model->skin, config->seed);
	board_model_reset(model);
}

/** Both sides count from 1 again; what was not acknowledged by then belongs to nobody. */
static void start_link(BoardModel *model, uint16_t link)
{
	model->link = link;
	model->command_sequence = 0;
	model->next_sequence = 1;
	model->acknowledged = model->sent = 0;
	model->configured = model->armed = model->agreed = false;
	model->chip_untold = false;
	model->n_gathered = 0;
}

static void latch(BoardModel *model, BoardFault fault, int32_t detail);

void board_model_reset(BoardModel *model)
{
	start_link(model, 0);
	model->fault = BOARD_FAULT_NONE;
	model->claim = (ArmPayload){ 0 };
	if (model->estop)
		latch(model, BOARD_FAULT_EMERGENCY_STOP, 0);
	else if (model->mischief.self_test)
		latch(model, BOARD_FAULT_SELF_TEST, (int32_t)model->mischief.self_test);
}

/** Hung or held in reset. */
static bool is_absent(const BoardModel *model)
{
	return model->in_reset || model->mischief.hang_us > 0;
}

bool board_model_running(const BoardModel *model)
{
	return model->armed && model->enable && model->pedal && !model->estop &&
	       model->fault == BOARD_FAULT_NONE && !is_absent(model);
}

bool board_model_data_ready(const BoardModel *model)
{
	return model->mischief.stuck_data_ready ||
	       (uint16_t)(model->next_sequence - 1) != model->acknowledged;
}

/* ---- what must arrive ---- */

static uint16_t queued(const BoardModel *model)
{
	return (uint16_t)(model->next_sequence - 1 - model->acknowledged);
}

/** Gives `frame` the next sequence number and keeps it until it is acknowledged. */
static void enqueue(BoardModel *model, const Frame *frame)
{
	Frame *slot = &model->queue[model->next_sequence % BOARD_MODEL_QUEUE];

	/* before the first HELLO there is nobody to number frames for; the header tells the state later */
	if (model->link == 0 || queued(model) >= BOARD_MODEL_QUEUE)
		return;
	*slot = *frame;
	slot->sequence = model->next_sequence++;
}

static void close_samples(BoardModel *model)
{
	Frame frame = { 0 };

	if (model->n_gathered == 0)
		return;
	payload_put_samples(&frame, model->gathered, model->n_gathered);
	model->n_gathered = 0;
	enqueue(model, &frame);
	if (queued(model) >= QUEUE_STROKES)
		latch(model, BOARD_FAULT_OVERRUN, queued(model));
}

static void disarm(BoardModel *model)
{
	model->armed = false;
	close_samples(model);
}

/** The first cause is kept; the needle stands still from here on. */
static void latch(BoardModel *model, BoardFault fault, int32_t detail)
{
	Frame frame = { 0 };

	model->armed = false;
	if (model->fault != BOARD_FAULT_NONE)
		return;
	model->fault = fault;
	close_samples(model); /* those strokes came first */
	payload_put_fault(&frame, &(FaultPayload){ .fault = (uint8_t)fault, .detail = detail });
	enqueue(model, &frame);
}

/** Several changes while the queue is long become one frame that names the present chip. */
static void tell_chip(BoardModel *model)
{
	Frame frame = { 0 };

	if (!model->chip_untold || queued(model) >= QUEUE_COMMANDS)
		return;
	model->chip_untold = false;
	payload_put_chip(&frame, FRAME_CHIP_CHANGED, &model->chip);
	enqueue(model, &frame);
}

/* ---- the world ---- */

void board_model_set_reset(BoardModel *model, bool active)
{
	model->in_reset = active;
	if (active)
		board_model_reset(model);
}

void board_model_set_pedal(BoardModel *model, bool down)
{
	model->pedal = down;
	if (!down)
		close_samples(model);
}

void board_model_set_estop(BoardModel *model, bool pressed)
{
	model->estop = pressed;
	if (pressed)
		latch(model, BOARD_FAULT_EMERGENCY_STOP, 0);
}

void board_model_set_enable(BoardModel *model, bool active)
{
	model->enable = active;
	if (!active)
		close_samples(model);
}

static bool same_chip(const ChipId *a, const ChipId *b)
{
	return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

void board_model_set_chip(BoardModel *model, const ChipId *chip)
{
	if (same_chip(&model->chip, chip))
		return;
	model->chip = *chip;
	model->chip_untold = true;
	if (model->armed && !same_chip(&model->claim.chip, chip))
		latch(model, BOARD_FAULT_CHIP_CHANGED, 0);
	tell_chip(model);
}

/* ---- strokes ---- */

static void check_limits(BoardModel *model, const SkinStroke *stroke)
{
	if (stroke->depth_um > model->settings.depth_limit_um)
		latch(model, BOARD_FAULT_OVER_DEPTH, stroke->depth_um);
	else if (stroke->resistance_mn > model->settings.force_limit_mn)
		latch(model, BOARD_FAULT_OVER_FORCE, stroke->resistance_mn);
	else if (stroke->current_ma > model->config.identity.current_max_ma)
		latch(model, BOARD_FAULT_OVER_CURRENT, stroke->current_ma);
}

static void make_stroke(BoardModel *model)
{
	SkinStroke stroke = skin_model_stroke(
		&model->skin, model->mechanics_us, model->settings.depth_um, model->settings.dwell_ms);

	if (model->mischief.over_depth)
		stroke.depth_um = model->settings.depth_limit_um + 100;
	if (model->mischief.over_force)
		stroke.resistance_mn = model->settings.force_limit_mn + 50;
	model->mischief.over_depth = model->mischief.over_force = false;
	model->strokes++;
	if (model->n_gathered == 0)
		model->gathered_us = model->now_us;
	model->gathered[model->n_gathered++] = (StrokeSample){
		.time_us = (uint32_t)model->mechanics_us,
		.depth_um = stroke.depth_um,
		.resistance_mn = stroke.resistance_mn,
		.current_ma = stroke.current_ma,
		.angle_cdeg = stroke.angle_cdeg,
	};
	if (model->n_gathered == BOARD_MODEL_SAMPLES)
		close_samples(model);
	check_limits(model, &stroke);
}

static void run_needle(BoardModel *model, uint64_t elapsed_us)
{
	uint64_t end = model->mechanics_us + elapsed_us * model->config.mechanics_scale;

	if (model->next_stroke_us < model->mechanics_us)
		model->next_stroke_us = model->mechanics_us;
	while (board_model_running(model) && model->next_stroke_us <= end) {
		/* a simulated drive waits for room rather than losing strokes that a real one would not make
		 */
		if (model->config.mechanics_scale > 1 && queued(model) >= QUEUE_PACES) {
			end = model->next_stroke_us;
			break;
		}
		model->mechanics_us = model->next_stroke_us;
		model->next_stroke_us += 1000000 / model->settings.rate_hz;
		make_stroke(model);
	}
	model->mechanics_us = end;
}

void board_model_advance(BoardModel *model, uint64_t elapsed_us)
{
	uint64_t silence;

	model->now_us += elapsed_us;
	if (is_absent(model)) {
		model->mischief.hang_us =
			model->mischief.hang_us > elapsed_us ? model->mischief.hang_us - elapsed_us : 0;
		model->mechanics_us += elapsed_us * model->config.mechanics_scale;
		return;
	}
	silence = model->now_us - model->heard_us;
	if (model->armed && silence > model->config.identity.watchdog_ms * 1000ULL)
		latch(model, BOARD_FAULT_WATCHDOG, (int32_t)(silence / 1000));
	if (model->mischief.over_temperature && model->armed)
		latch(model, BOARD_FAULT_OVER_TEMPERATURE, model->config.identity.temperature_max_cc + 100);
	run_needle(model, elapsed_us);
	if (model->n_gathered > 0 && model->now_us - model->gathered_us >= BOARD_MODEL_GATHER_US)
		close_samples(model);
}

static uint64_t sooner(uint64_t next, uint64_t now, uint64_t at)
{
	uint64_t wait = at > now ? at - now : 0;

	return wait < next ? wait : next;
}

uint64_t board_model_next_us(const BoardModel *model)
{
	uint64_t next = UINT64_MAX, watchdog_us = model->config.identity.watchdog_ms * 1000ULL;

	if (model->mischief.hang_us > 0)
		return model->mischief.hang_us;
	if (model->n_gathered > 0)
		next = sooner(next, model->now_us, model->gathered_us + BOARD_MODEL_GATHER_US);
	if (model->armed)
		next = sooner(next, model->now_us, model->heard_us + watchdog_us + 1);
	if (board_model_running(model))
		next = sooner(next, 0,
			sooner(UINT64_MAX, model->mechanics_us, model->next_stroke_us) /
				model->config.mechanics_scale);
	return next;
}

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
	if (!same_chip(&claim.chip, &model->chip))
		return BOARD_RESULT_CHIP;
	model->claim = claim;
	model->armed = true;
	return BOARD_RESULT_OK;
}

/** What latched, or would latch again at once. */
static bool cause_holds(const BoardModel *model)
{
	return model->estop || model->mischief.over_temperature ||
	       (model->fault == BOARD_FAULT_OVERRUN && queued(model) >= QUEUE_STROKES) ||
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
		disarm(model); /* whoever asks speaks no language in which to stop it */
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
		disarm(model);
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
	enqueue(model, &answer);
}

/** A new link number starts both sides at sequence 1; an old one is a frame from another life. */
static bool link_fits(BoardModel *model, const Frame *frame)
{
	if (frame->type != FRAME_HELLO || frame->link == model->link)
		return frame->link == model->link && model->link != 0;
	if (frame->link == 0 || frame->sequence != 1)
		return false;
	start_link(model, frame->link);
	return true;
}

static void take_acknowledgement(BoardModel *model, const Frame *frame)
{
	uint16_t ahead = (uint16_t)(frame->acknowledge - model->acknowledged);

	if (ahead <= queued(model)) {
		model->acknowledged = frame->acknowledge;
		if ((uint16_t)(model->sent - model->acknowledged) > BOARD_MODEL_QUEUE)
			model->sent = model->acknowledged;
	}
	if (frame->flags & FRAME_FLAG_AGAIN)
		model->sent = model->acknowledged;
	tell_chip(model);
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
	if (frame.flags & FRAME_FLAG_STOP) {
		disarm(model);
	}
	/* one that finds no room for its answer is not taken, and comes again */
	if (frame.type != FRAME_IDLE && frame.sequence == (uint16_t)(model->command_sequence + 1) &&
		queued(model) < QUEUE_COMMANDS) {
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

/** The next frame not yet sent; when all were sent and some stay unacknowledged, from the first again. */
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

	if (is_absent(model) || count_down(&model->mischief.drop)) {
		memset(ret_to_station, 0, STIPPLE_FRAME_BYTES);
		return;
	}
	/* full duplex: what is sent was composed before what arrives has been read */
	memcpy(received, from_station, sizeof received);
	compose(model, ret_to_station);
	if (count_down(&model->mischief.corrupt_tx))
		ret_to_station[20 + model->mischief.corrupt_tx % 90] ^= 0x10;
	if (count_down(&model->mischief.corrupt_rx))
		received[20 + model->mischief.corrupt_rx % 90] ^= 0x10;
	take_frame(model, received);
}
