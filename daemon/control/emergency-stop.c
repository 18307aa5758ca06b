/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The needle's one safe state, and the frame exchange with the board that maintains it. Whatever goes wrong,
 * it drops ENABLE first, then sends STOP, then reports. While the needle is armed nothing here may allocate,
 * take a lock, log, or wait for anything but one transfer.
 */

#include "control/control-private.h"

#include <string.h>

/* ---- stopping: ENABLE first, then STOP, then everybody ---- */

void control_set_enable(Control *control, bool active)
{
	int r;

	if (control->enabled == active || !control->board)
		return;
	control->enabled = active;
	r = control->options.board->set_line(control->board, STIPPLE_LINE_ENABLE, active);
	if (r < 0) {
		control->enabled = false;
		control->broken = r; /* closing the board returns the line to the kernel, which drops it */
	}
}

void control_update_enable(Control *control)
{
	if (!control->pedal)
		control->pedal_seen_up = true;
	control_set_enable(control, control->armed && control->pedal && control->pedal_seen_up &&
					    !control->estop && control->fault == CONTROL_FAULT_NONE);
}

void control_stop_needle(Control *control)
{
	control_set_enable(control, false);
	control->armed = false;
	control->link.stop = true;
	if (control->board)
		control_transfer(control);
}

/**
 * The first cause is kept, because what follows belongs to the same incident. It is a new incident only while
 * a person is having the fault cleared: then it latches as soon as the old fault is gone. Meanwhile the
 * board's frames still report the fault that is being cleared.
 */
static void keep_for_later(Control *control, ControlFault fault, BoardFault board_fault, int32_t detail)
{
	bool clearing = control->ticketed && control->current.verb == CONTROL_ACKNOWLEDGE;

	if (!clearing || board_fault != BOARD_FAULT_NONE || control->next_fault != CONTROL_FAULT_NONE)
		return;
	control->next_fault = fault;
	control->next_detail = detail;
}

/** `edge_ns`: when the line that caused the fault changed; 0: no line did. */
void control_latch_with(
	Control *control, ControlFault fault, BoardFault board_fault, int32_t detail, int64_t edge_ns)
{
	int64_t stopped_ns;

	control_set_enable(control, false);
	stopped_ns = control_now_ns();
	if (control->fault != CONTROL_FAULT_NONE) {
		keep_for_later(control, fault, board_fault, detail);
		return;
	}
	control->fault = fault;
	control->fault_alarm = control_fault_alarm(fault, board_fault);
	control->fault_fact = (ControlFact){ .kind = CONTROL_FACT_FAULT, .monotonic_ns = stopped_ns };
	control->fault_fact.fault.fault = fault;
	control->fault_fact.fault.board_fault = board_fault;
	control->fault_fact.fault.detail = detail;
	control->fault_fact.fault.stop_latency_ns = edge_ns ? stopped_ns - edge_ns : 0;
	control->fault_untold = true;
	control_stop_needle(control);
	control_tell_fault(control);
}

void control_latch(Control *control, ControlFault fault, int32_t detail)
{
	control_latch_with(control, fault, BOARD_FAULT_NONE, detail, 0);
}

/* ---- a board that goes ---- */

void control_board_down(Control *control, int error, const char *text)
{
	ControlFact fact = { .kind = CONTROL_FACT_BOARD_DOWN };

	/*
	 * also when it vanished just after its header showed a fault, because the fault's frame can no longer
	 * come
	 */
	if (control->up && (control->armed || control->faulted_ns))
		control_latch(control, CONTROL_FAULT_BOARD_GONE, error);
	control->faulted_ns = 0;
	control->up = false;
	control->armed = false;
	if (strcmp(control->down_text, text) == 0)
		return;
	snprintf(control->down_text, sizeof control->down_text, "%s", text);
	fact.down.error = error;
	memcpy(fact.down.text, control->down_text, sizeof fact.down.text);
	if (!control_tell(control, &fact))
		control->down_text[0] = '\0'; /* no room: reported again at the next attempt */
}

void control_abort_command(Control *control, int error)
{
	if (control->ticketed)
		control_answer(control, &control->current, control->link.command.type, error);
	control->ticketed = false;
	control->next_fault = CONTROL_FAULT_NONE; /* the fault before it was not cleared and is still shown */
	control->link.waiting = false;
}

void control_close_board(Control *control, int error, const char *text)
{
	void *board = control->board;

	control_set_enable(control, false);
	control->board = NULL; /* nothing below may use the board */
	atomic_store(&control->cuttable, NULL);
	control_abort_command(control, -ENOTCONN);
	control_board_down(control, error, text);
	if (board)
		control->options.board->close(board);
	control->reopen_ns = control_now_ns() + control->options.reopen_ms * NS_PER_MS;
}

/* ---- what the board says ---- */

void control_send(Control *control, const Frame *frame)
{
	(void)!link_command(&control->link, frame, control_now_ns() + CONTROL_COMMAND_MS * NS_PER_MS);
}

static void take_hello(Control *control)
{
	ControlFact fact = { .kind = CONTROL_FACT_BOARD_UP };
	BoardResult result = BOARD_RESULT_INVALID;
	Frame frame = { 0 };

	if (!payload_get_result(&control->link.received, &result) || result != BOARD_RESULT_OK ||
		!payload_get_identity(&control->link.received, &control->identity)) {
		control_board_down(control, -EPROTO,
			"the board speaks no protocol version that the station knows: update its firmware");
		return;
	}
	control->up = true;
	control->down_text[0] = '\0';
	fact.identity = control->identity;
	(void)!control_tell(control, &fact);
	/* this was not requested: its answer becomes a CHIP fact */
	payload_put_command(&frame, FRAME_READ_CHIP);
	control_send(control, &frame);
}

static void tell_board_chip(Control *control)
{
	ControlFact fact = { .kind = CONTROL_FACT_CHIP };

	if (payload_get_chip(&control->link.received, &fact.chip))
		(void)!control_tell(control, &fact);
}

static void take_samples(Control *control)
{
	ControlFact fact = { .kind = CONTROL_FACT_SAMPLES };
	int n = payload_get_samples(&control->link.received, fact.strokes.samples);

	if (n < 0)
		return;
	fact.strokes.n = (uint32_t)n;
	atomic_fetch_add_explicit(&control->samples, (uint64_t)n, memory_order_relaxed);
	/* before the limits: stopping transfers frames, and their strokes come after these */
	if (!control_tell(control, &fact))
		control_latch(control, CONTROL_FAULT_FACTS_OVERRUN, CONTROL_FACTS);
	for (int i = 0; i < n; i++) {
		const StrokeSample *sample = &fact.strokes.samples[i];

		if (control->settings.depth_limit_um == 0)
			break; /* this station has not configured anything yet */
		if (sample->depth_um > control->settings.depth_limit_um)
			control_latch(control, CONTROL_FAULT_DEPTH_LIMIT, sample->depth_um);
		else if (sample->resistance_mn > control->settings.force_limit_mn)
			control_latch(control, CONTROL_FAULT_FORCE_LIMIT, sample->resistance_mn);
	}
}

void control_latch_board_fault(Control *control, BoardFault fault, int32_t detail)
{
	control->faulted_ns = 0;
	if (fault == BOARD_FAULT_EMERGENCY_STOP)
		control_latch_with(control, CONTROL_FAULT_EMERGENCY_STOP, fault, detail, 0);
	else if (fault == BOARD_FAULT_CHIP_CHANGED)
		control_latch_with(control, CONTROL_FAULT_CHIP_CHANGED, fault, detail, 0);
	else
		control_latch_with(control, CONTROL_FAULT_BOARD, fault, detail, 0);
}

bool control_is_stopped(const Control *control)
{
	return control->fault != CONTROL_FAULT_NONE || control->faulted_ns || control->estop ||
	       atomic_load(&control->stop) || atomic_load(&control->disarms) > 0;
}

/** Reads what the answer carries besides its result. */
static bool read_answer_payload(const Frame *frame, ControlFact *fact)
{
	switch (frame->type) {
	case FRAME_STATUS | FRAME_ANSWER:
		return payload_get_status(frame, &fact->answer.status);
	case FRAME_READ_CHIP | FRAME_ANSWER:
		return payload_get_chip(frame, &fact->answer.chip);
	case FRAME_SELF_TEST | FRAME_ANSWER:
		return payload_get_self_test(frame, &fact->answer.self_test);
	default:
		return true;
	}
}

/** If a stop came while ARM was under way, nobody may rely on being armed: -EBUSY. */
static int become_armed(Control *control)
{
	bool stopped = control_is_stopped(control);

	if (!stopped)
		control->armed = true;
	control->pedal_seen_up = false;
	control->disarmed_ns = 0;
	return stopped ? -EBUSY : 0;
}

static int unlatch_fault(Control *control, BoardResult result)
{
	if (result != BOARD_RESULT_OK || control->estop)
		return -EBUSY;
	control->fault = CONTROL_FAULT_NONE;
	control->link.stop = false;
	control->link.fault = BOARD_FAULT_NONE;
	return 0;
}

/** Applies the answer to the ticketed command here, then sends the fact. */
static void take_board_answer(Control *control)
{
	const Frame *frame = &control->link.received;
	ControlFact fact = { .kind = CONTROL_FACT_ANSWER };
	BoardResult result = BOARD_RESULT_UNKNOWN;
	int r = 0;

	if (!payload_get_result(frame, &result) || !read_answer_payload(frame, &fact))
		fact.answer.error = -EBADMSG;
	fact.answer.ticket = control->current.ticket;
	fact.answer.command = (FrameType)(frame->type & ~FRAME_ANSWER);
	fact.answer.result = result;
	control->ticketed = false;
	if (control->current.verb == CONTROL_CONFIGURE && result == BOARD_RESULT_OK)
		control->settings = control->current.settings;
	if (control->current.verb == CONTROL_ARM && result == BOARD_RESULT_OK)
		r = become_armed(control);
	if (control->current.verb == CONTROL_ACKNOWLEDGE)
		r = unlatch_fault(control, result);
	if (r < 0)
		fact.answer.error = r;
	control_update_enable(control);
	(void)!control_tell(control, &fact);
	/* after the answer, so that this fault is not mistaken for the acknowledged one */
	if (control->next_fault != CONTROL_FAULT_NONE)
		control_latch(control, control->next_fault, control->next_detail);
	control->next_fault = CONTROL_FAULT_NONE;
}

/** Whether the frame answers the pending command, and not another one. */
static bool is_awaited(const Control *control, const Frame *frame)
{
	return control->ticketed && frame->type == (control->link.command.type | FRAME_ANSWER);
}

static void take_board_frame(Control *control)
{
	const Frame *frame = &control->link.received;
	FaultPayload fault;

	switch (frame->type) {
	case FRAME_SAMPLES:
		take_samples(control);
		break;
	case FRAME_FAULT:
		if (payload_get_fault(frame, &fault) && control->up)
			control_latch_board_fault(control, (BoardFault)fault.fault, fault.detail);
		break;
	case FRAME_CHIP_CHANGED:
		tell_board_chip(control);
		break;
	case FRAME_HELLO | FRAME_ANSWER:
		take_hello(control);
		break;
	case FRAME_READ_CHIP | FRAME_ANSWER:
		tell_board_chip(control);
		if (is_awaited(control, frame))
			take_board_answer(control);
		break;
	default:
		if (is_awaited(control, frame))
			take_board_answer(control);
	}
}

/**
 * The header shows a fault earlier than the frame with the measured values, which follows the last strokes.
 * Stops now; latches when that frame has come, or soon afterwards without it.
 */
static void check_header(Control *control, int64_t now)
{
	BoardFault fault = (BoardFault)control->link.fault;
	bool faulted = control->up && fault > BOARD_FAULT_NONE && fault < BOARD_FAULT_MAX;

	if (faulted && control->fault == CONTROL_FAULT_NONE) {
		control_set_enable(control, false);
		control->armed = false;
		control->link.stop = true;
		if (control->faulted_ns == 0)
			control->faulted_ns = now;
	} else {
		control->faulted_ns = 0;
	}
	/*
	 * the board has the last word on whether it may run: it was reset, or stopped for a reason not
	 * reported yet
	 */
	if (!control->armed || (control->link.flags & FRAME_FLAG_ARMED))
		control->disarmed_ns = 0;
	else if (control->disarmed_ns == 0)
		control->disarmed_ns = now;
}

void control_transfer(Control *control)
{
	uint8_t tx[STIPPLE_FRAME_BYTES], rx[STIPPLE_FRAME_BYTES];
	int64_t now = control_now_ns();
	LinkEvent event;
	int r;

	link_compose(&control->link, now, tx);
	r = control->options.board->transfer(control->board, tx, rx, sizeof tx);
	atomic_fetch_add_explicit(&control->transfers, 1, memory_order_relaxed);
	control->beat_ns = now + control->options.heartbeat_ms * NS_PER_MS;
	if (r < 0) {
		memset(rx, 0, sizeof rx); /* treated as any other bad frame */
		if (r == -ENODEV) {
			control_close_board(control, r,
				"the board is gone: check its cable; it is looked for every second");
			return;
		}
	}
	event = link_take(&control->link, rx, now, control_have_room(control, now));
	atomic_store_explicit(&control->bad_frames, control->link.bad, memory_order_relaxed);
	atomic_store_explicit(&control->resends, control->link.resent, memory_order_relaxed);
	/* before the frame itself: its strokes may be the last before the fault */
	check_header(control, now);
	if (event == LINK_FRAME)
		take_board_frame(control);
	else if (event == LINK_BAD && control->link.bad_in_row > control->options.bad_frames_max &&
		 control->armed)
		control_latch(control, CONTROL_FAULT_LINK_ERRORS, (int32_t)control->link.bad_in_row);
}
