/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The board itself: its lines, strokes, faults, and the frames that it must deliver. It makes no system
 * call, reads no clock and allocates nothing, so that firmware can be based on it. It must not lose a
 * numbered frame, nor run the needle while a fault is latched.
 */

#include "board-model-private.h"

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

void board_model_start_link(BoardModel *model, uint16_t link)
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
	board_model_start_link(model, 0);
	model->fault = BOARD_FAULT_NONE;
	model->claim = (ArmPayload){ 0 };
	if (model->estop)
		latch(model, BOARD_FAULT_EMERGENCY_STOP, 0);
	else if (model->mischief.self_test)
		latch(model, BOARD_FAULT_SELF_TEST, (int32_t)model->mischief.self_test);
}

bool board_model_is_absent(const BoardModel *model)
{
	return model->in_reset || model->mischief.hang_us > 0;
}

bool board_model_running(const BoardModel *model)
{
	return model->armed && model->enable && model->pedal && !model->estop &&
	       model->fault == BOARD_FAULT_NONE && !board_model_is_absent(model);
}

bool board_model_data_ready(const BoardModel *model)
{
	return model->mischief.stuck_data_ready ||
	       (uint16_t)(model->next_sequence - 1) != model->acknowledged;
}

/* ---- frames that must arrive ---- */

uint16_t board_model_queued(const BoardModel *model)
{
	return (uint16_t)(model->next_sequence - 1 - model->acknowledged);
}

void board_model_enqueue(BoardModel *model, const Frame *frame)
{
	Frame *slot = &model->queue[model->next_sequence % BOARD_MODEL_QUEUE];

	/* before the first HELLO there is no link to number frames for; the header reports the state later */
	if (model->link == 0 || board_model_queued(model) >= BOARD_MODEL_QUEUE)
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
	board_model_enqueue(model, &frame);
	if (board_model_queued(model) >= QUEUE_STROKES)
		latch(model, BOARD_FAULT_OVERRUN, board_model_queued(model));
}

void board_model_disarm(BoardModel *model)
{
	model->armed = false;
	close_samples(model);
}

/** Latches a fault. The first cause is kept; the needle stands still from here on. */
static void latch(BoardModel *model, BoardFault fault, int32_t detail)
{
	Frame frame = { 0 };

	model->armed = false;
	if (model->fault != BOARD_FAULT_NONE)
		return;
	model->fault = fault;
	close_samples(model); /* send the strokes first, because they happened before the fault */
	payload_put_fault(&frame, &(FaultPayload){ .fault = (uint8_t)fault, .detail = detail });
	board_model_enqueue(model, &frame);
}

void board_model_tell_chip(BoardModel *model)
{
	Frame frame = { 0 };

	if (!model->chip_untold || board_model_queued(model) >= QUEUE_COMMANDS)
		return;
	model->chip_untold = false;
	payload_put_chip(&frame, FRAME_CHIP_CHANGED, &model->chip);
	board_model_enqueue(model, &frame);
}

/* ---- pins, time and chip ---- */

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

bool board_model_same_chip(const ChipId *a, const ChipId *b)
{
	return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

void board_model_set_chip(BoardModel *model, const ChipId *chip)
{
	if (board_model_same_chip(&model->chip, chip))
		return;
	model->chip = *chip;
	model->chip_untold = true;
	if (model->armed && !board_model_same_chip(&model->claim.chip, chip))
		latch(model, BOARD_FAULT_CHIP_CHANGED, 0);
	board_model_tell_chip(model);
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
		/*
		 * a simulated drive waits for room: otherwise it would lose strokes that a real drive would
		 * not have made
		 */
		if (model->config.mechanics_scale > 1 && board_model_queued(model) >= QUEUE_PACES) {
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
	if (board_model_is_absent(model)) {
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
