/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The real-time thread that drives the needle board. While the needle is armed it must not allocate, take a
 * lock, log, or wait for anything but one transfer and its own poll. Whatever goes wrong, it drops ENABLE
 * first.
 */

#include "control/control-private.h"

#include <poll.h>
#include <sched.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

#include "util/digest.h"

#define NS_PER_MS 1000000LL
#define NS_PER_S  (1000 * NS_PER_MS)

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS_PER_S + now.tv_nsec; /* also where tv_sec has 32 bits */
}

/* ---- telling ---- */

/** False when the main thread has fallen so far behind that there is no room. */
static bool tell(Control *control, ControlFact *fact)
{
	if (fact->monotonic_ns == 0)
		fact->monotonic_ns = now_ns();
	return ring_push(control->facts, fact);
}

static void tell_fault(Control *control)
{
	if (control->fault_untold && tell(control, &control->fault_fact))
		control->fault_untold = false;
}

static void answer(Control *control, const ControlCommand *command, FrameType type, int error)
{
	ControlFact fact = { .kind = CONTROL_FACT_ANSWER };

	fact.answer.ticket = command->ticket;
	fact.answer.command = type;
	fact.answer.error = error;
	(void)!tell(control, &fact);
}

/* ---- stopping: ENABLE first, then STOP, then everybody ---- */

static void set_enable(Control *control, bool active)
{
	int r;

	if (control->enabled == active || !control->board)
		return;
	control->enabled = active;
	r = control->options.board->set_line(control->board, STIPPLE_LINE_ENABLE, active);
	if (r < 0) {
		control->enabled = false;
		control->broken = r; /* closing the board gives the line back to the kernel, which drops it */
	}
}

static void update_enable(Control *control)
{
	if (!control->pedal)
		control->pedal_seen_up = true;
	set_enable(control, control->armed && control->pedal && control->pedal_seen_up && !control->estop &&
				    control->fault == CONTROL_FAULT_NONE);
}

static void transfer(Control *control);

static void stop_needle(Control *control)
{
	set_enable(control, false);
	control->armed = false;
	control->link.stop = true;
	if (control->board)
		transfer(control);
}

/**
 * The first cause stays, and what follows it is the same incident. Only while a person has the fault cleared
 * is it a new one: it latches as soon as the old one is gone. The board's own frames tell of the fault that
 * it is just forgetting.
 */
static void keep_for_later(Control *control, ControlFault fault, BoardFault board_fault, int32_t detail)
{
	bool clearing = control->ticketed && control->current.verb == CONTROL_ACKNOWLEDGE;

	if (!clearing || board_fault != BOARD_FAULT_NONE || control->next_fault != CONTROL_FAULT_NONE)
		return;
	control->next_fault = fault;
	control->next_detail = detail;
}

static void latch(
	Control *control, ControlFault fault, BoardFault board_fault, int32_t detail, int64_t edge_ns)
{
	int64_t stopped_ns;

	set_enable(control, false);
	stopped_ns = now_ns();
	if (control->fault != CONTROL_FAULT_NONE) {
		keep_for_later(control, fault, board_fault, detail);
		return;
	}
	control->fault = fault;
	control->fault_fact = (ControlFact){ .kind = CONTROL_FACT_FAULT, .monotonic_ns = stopped_ns };
	control->fault_fact.fault.fault = fault;
	control->fault_fact.fault.board_fault = board_fault;
	control->fault_fact.fault.detail = detail;
	control->fault_fact.fault.stop_latency_ns = edge_ns ? stopped_ns - edge_ns : 0;
	control->fault_untold = true;
	stop_needle(control);
	tell_fault(control);
}

/* ---- the board comes and goes ---- */

static void board_down(Control *control, int error, const char *text)
{
	ControlFact fact = { .kind = CONTROL_FACT_BOARD_DOWN };

	/* also when it went just after its header showed a fault, whose frame cannot come any more */
	if (control->up && (control->armed || control->faulted_ns))
		latch(control, CONTROL_FAULT_BOARD_GONE, BOARD_FAULT_NONE, error, 0);
	control->faulted_ns = 0;
	control->up = false;
	control->armed = false;
	if (strcmp(control->down_text, text) == 0)
		return;
	snprintf(control->down_text, sizeof control->down_text, "%s", text);
	fact.down.error = error;
	memcpy(fact.down.text, control->down_text, sizeof fact.down.text);
	if (!tell(control, &fact))
		control->down_text[0] = '\0'; /* no room: told again at the next attempt */
}

static void abort_command(Control *control, int error)
{
	if (control->ticketed)
		answer(control, &control->current, control->link.command.type, error);
	control->ticketed = false;
	control->next_fault = CONTROL_FAULT_NONE; /* the one before it was not cleared, and still says it */
	control->link.waiting = false;
}

static void close_board(Control *control, int error, const char *text)
{
	void *board = control->board;

	set_enable(control, false);
	control->board = NULL; /* nothing below may use it */
	atomic_store(&control->cuttable, NULL);
	abort_command(control, -ENOTCONN);
	board_down(control, error, text);
	if (board)
		control->options.board->close(board);
	control->reopen_ns = now_ns() + control->options.reopen_ms * NS_PER_MS;
}

static void greet(Control *control)
{
	HelloPayload hello = { FRAME_PROTOCOL_VERSION, FRAME_PROTOCOL_VERSION };
	Frame frame = { 0 };
	uint16_t number = 0;

	/* any number that differs from the last one will do when the system has no randomness yet */
	if (random_bytes(&number, sizeof number) < 0 || number == 0 || number == control->link.number)
		number = (uint16_t)(control->link.number + 1) ? (uint16_t)(control->link.number + 1) : 1;
	link_start(&control->link, number);
	control->link.stop = control->fault != CONTROL_FAULT_NONE;
	payload_put_hello(&frame, &hello);
	(void)!link_command(&control->link, &frame, now_ns() + CONTROL_COMMAND_MS * NS_PER_MS);
}

/** Leaves the spare room to answers: a bouncing line whose fact found none is told later, as it then stands.
 */
static bool tell_line(Control *control, StippleLine line, bool active)
{
	ControlFact fact = { .kind = CONTROL_FACT_LINE };

	fact.line.line = line;
	fact.line.active = active;
	return ring_count(control->facts) < CONTROL_FACTS - CONTROL_FACTS_SPARE / 2 && tell(control, &fact);
}

static void tell_lines(Control *control)
{
	if (control->told_estop != control->estop &&
		tell_line(control, STIPPLE_LINE_EMERGENCY_STOP, control->estop))
		control->told_estop = control->estop;
	if (control->told_pedal != control->pedal && tell_line(control, STIPPLE_LINE_PEDAL, control->pedal))
		control->told_pedal = control->pedal;
}

/** An input that cannot be read may as well be a pressed emergency stop. */
static void read_inputs(Control *control)
{
	const StippleBoardVtable *board = control->options.board;
	int r;

	r = board->get_line(control->board, STIPPLE_LINE_PEDAL, &control->pedal);
	if (r >= 0)
		r = board->get_line(control->board, STIPPLE_LINE_EMERGENCY_STOP, &control->estop);
	if (r < 0) {
		control->broken = r;
		return;
	}
	control->told_pedal = !control->pedal;
	control->told_estop = !control->estop;
	tell_lines(control);
	if (control->estop)
		latch(control, CONTROL_FAULT_EMERGENCY_STOP, BOARD_FAULT_NONE, 0, 0);
}

static void open_board(Control *control)
{
	char error[STIPPLE_ERROR_MAX] = "";
	int r = control->options.board->open(control->options.host, &control->board, error);

	if (r < 0) {
		control->board = NULL;
		control->reopen_ns = now_ns() + control->options.reopen_ms * NS_PER_MS;
		board_down(control, r, error[0] ? error : strerror(-r));
		return;
	}
	atomic_store(&control->cuttable, control->board);
	control->enabled = control->resetting = false;
	control->broken = 0;
	control->started_ns = now_ns();
	read_inputs(control);
	greet(control);
}

/* ---- what the board says ---- */

static void take_hello(Control *control)
{
	ControlFact fact = { .kind = CONTROL_FACT_BOARD_UP };
	BoardResult result = BOARD_RESULT_INVALID;
	Frame frame = { 0 };

	if (!payload_get_result(&control->link.received, &result) || result != BOARD_RESULT_OK ||
		!payload_get_identity(&control->link.received, &control->identity)) {
		board_down(control, -EPROTO,
			"the board speaks no protocol version that the station knows: update its "
			"firmware");
		return;
	}
	control->up = true;
	control->down_text[0] = '\0';
	fact.identity = control->identity;
	(void)!tell(control, &fact);
	/* nobody asked for this one: its answer becomes a CHIP fact */
	payload_put_command(&frame, FRAME_READ_CHIP);
	(void)!link_command(&control->link, &frame, now_ns() + CONTROL_COMMAND_MS * NS_PER_MS);
}

static void tell_chip(Control *control)
{
	ControlFact fact = { .kind = CONTROL_FACT_CHIP };

	if (payload_get_chip(&control->link.received, &fact.chip))
		(void)!tell(control, &fact);
}

static void take_samples(Control *control)
{
	ControlFact fact = { .kind = CONTROL_FACT_SAMPLES };
	int n = payload_get_samples(&control->link.received, fact.strokes.samples);

	if (n < 0)
		return;
	fact.strokes.n = (uint32_t)n;
	atomic_fetch_add_explicit(&control->samples, (uint64_t)n, memory_order_relaxed);
	/* before the limits: stopping transfers frames, whose strokes come after these */
	if (!tell(control, &fact))
		latch(control, CONTROL_FAULT_FACTS_OVERRUN, BOARD_FAULT_NONE, CONTROL_FACTS, 0);
	for (int i = 0; i < n; i++) {
		const StrokeSample *sample = &fact.strokes.samples[i];

		if (control->settings.depth_limit_um == 0)
			break; /* nothing was configured by this station yet */
		if (sample->depth_um > control->settings.depth_limit_um)
			latch(control, CONTROL_FAULT_DEPTH_LIMIT, BOARD_FAULT_NONE, sample->depth_um, 0);
		else if (sample->resistance_mn > control->settings.force_limit_mn)
			latch(control, CONTROL_FAULT_FORCE_LIMIT, BOARD_FAULT_NONE, sample->resistance_mn, 0);
	}
}

static void latch_board_fault(Control *control, BoardFault fault, int32_t detail)
{
	control->faulted_ns = 0;
	if (fault == BOARD_FAULT_EMERGENCY_STOP)
		latch(control, CONTROL_FAULT_EMERGENCY_STOP, fault, detail, 0);
	else if (fault == BOARD_FAULT_CHIP_CHANGED)
		latch(control, CONTROL_FAULT_CHIP_CHANGED, fault, detail, 0);
	else
		latch(control, CONTROL_FAULT_BOARD, fault, detail, 0);
}

static bool is_stopped(const Control *control)
{
	return control->fault != CONTROL_FAULT_NONE || control->faulted_ns || control->estop ||
	       atomic_load(&control->stop) || atomic_load(&control->disarms) > 0;
}

/** The answer to the ticketed command: what it changes here, then the fact. */
static void take_answer(Control *control)
{
	const Frame *frame = &control->link.received;
	ControlFact fact = { .kind = CONTROL_FACT_ANSWER };
	BoardResult result = BOARD_RESULT_UNKNOWN;

	if (!payload_get_result(frame, &result))
		fact.answer.error = -EBADMSG;
	fact.answer.ticket = control->current.ticket;
	fact.answer.command = (FrameType)(frame->type & ~FRAME_ANSWER);
	fact.answer.result = result;
	control->ticketed = false;
	if (frame->type == (FRAME_STATUS | FRAME_ANSWER) && !payload_get_status(frame, &fact.answer.status))
		fact.answer.error = -EBADMSG;
	if (frame->type == (FRAME_READ_CHIP | FRAME_ANSWER) && !payload_get_chip(frame, &fact.answer.chip))
		fact.answer.error = -EBADMSG;
	if (frame->type == (FRAME_SELF_TEST | FRAME_ANSWER) &&
		!payload_get_self_test(frame, &fact.answer.self_test))
		fact.answer.error = -EBADMSG;
	if (control->current.verb == CONTROL_CONFIGURE && result == BOARD_RESULT_OK)
		control->settings = control->current.settings;
	/* a stop while ARM was on its way means that nobody may rely on it */
	if (control->current.verb == CONTROL_ARM && result == BOARD_RESULT_OK) {
		if (is_stopped(control))
			fact.answer.error = -EBUSY;
		else
			control->armed = true;
		control->pedal_seen_up = false;
		control->disarmed_ns = 0;
	}
	if (control->current.verb == CONTROL_ACKNOWLEDGE) {
		if (result != BOARD_RESULT_OK || control->estop) {
			fact.answer.error = -EBUSY;
		} else {
			control->fault = CONTROL_FAULT_NONE;
			control->link.stop = false;
			control->link.fault = BOARD_FAULT_NONE;
		}
	}
	update_enable(control);
	(void)!tell(control, &fact);
	/* after the answer, so that nobody takes this one for the fault that was acknowledged */
	if (control->next_fault != CONTROL_FAULT_NONE)
		latch(control, control->next_fault, BOARD_FAULT_NONE, control->next_detail, 0);
	control->next_fault = CONTROL_FAULT_NONE;
}

/** Whether the frame answers the command under way, and no other: the station must not take one for the
 * other. */
static bool is_awaited(const Control *control, const Frame *frame)
{
	return control->ticketed && frame->type == (control->link.command.type | FRAME_ANSWER);
}

static void take_frame(Control *control)
{
	const Frame *frame = &control->link.received;
	FaultPayload fault;

	switch (frame->type) {
	case FRAME_SAMPLES:
		take_samples(control);
		break;
	case FRAME_FAULT:
		if (payload_get_fault(frame, &fault) && control->up)
			latch_board_fault(control, (BoardFault)fault.fault, fault.detail);
		break;
	case FRAME_CHIP_CHANGED:
		tell_chip(control);
		break;
	case FRAME_HELLO | FRAME_ANSWER:
		take_hello(control);
		break;
	case FRAME_READ_CHIP | FRAME_ANSWER:
		tell_chip(control);
		if (is_awaited(control, frame))
			take_answer(control);
		break;
	default:
		if (is_awaited(control, frame))
			take_answer(control);
	}
}

/**
 * The header shows a fault before the frame that says what was measured, which is on its way behind the last
 * strokes: stop now, latch when it has come, or without it soon after.
 */
static void check_header(Control *control, int64_t now)
{
	BoardFault fault = (BoardFault)control->link.fault;
	bool faulted = control->up && fault > BOARD_FAULT_NONE && fault < BOARD_FAULT_MAX;

	if (faulted && control->fault == CONTROL_FAULT_NONE) {
		set_enable(control, false);
		control->armed = false;
		control->link.stop = true;
		if (control->faulted_ns == 0)
			control->faulted_ns = now;
	} else {
		control->faulted_ns = 0;
	}
	/* the board is the last to say whether it may run: it was reset, or stopped for a reason still
	 * unheard */
	if (!control->armed || (control->link.flags & FRAME_FLAG_ARMED))
		control->disarmed_ns = 0;
	else if (control->disarmed_ns == 0)
		control->disarmed_ns = now;
}

/** Strokes leave the spare room to answers and faults; while it lacks, the board keeps what it has. */
static bool have_room(Control *control, int64_t now)
{
	if (ring_count(control->facts) < CONTROL_FACTS - CONTROL_FACTS_SPARE) {
		control->full_ns = 0;
		return true;
	}
	if (control->full_ns == 0)
		control->full_ns = now;
	return false;
}

static void transfer(Control *control)
{
	uint8_t tx[STIPPLE_FRAME_BYTES], rx[STIPPLE_FRAME_BYTES];
	int64_t now = now_ns();
	LinkEvent event;
	int r;

	link_compose(&control->link, now, tx);
	r = control->options.board->transfer(control->board, tx, rx, sizeof tx);
	atomic_fetch_add_explicit(&control->transfers, 1, memory_order_relaxed);
	control->beat_ns = now + control->options.heartbeat_ms * NS_PER_MS;
	if (r < 0) {
		memset(rx, 0, sizeof rx); /* a bad frame like any other */
		if (r == -ENODEV) {
			close_board(control, r,
				"the board is gone: check its cable; it is looked for every second");
			return;
		}
	}
	event = link_take(&control->link, rx, now, have_room(control, now));
	atomic_store_explicit(&control->bad_frames, control->link.bad, memory_order_relaxed);
	atomic_store_explicit(&control->resends, control->link.resent, memory_order_relaxed);
	/* before the frame itself: its strokes may be the last ones before the fault */
	check_header(control, now);
	if (event == LINK_FRAME)
		take_frame(control);
	else if (event == LINK_BAD && control->link.bad_in_row > control->options.bad_frames_max &&
		 control->armed)
		latch(control, CONTROL_FAULT_LINK_ERRORS, BOARD_FAULT_NONE, (int32_t)control->link.bad_in_row,
			0);
}

static bool edges_wait(Control *control)
{
	struct pollfd fd = { .fd = control->options.board->poll_fd(control->board), .events = POLLIN };

	return poll(&fd, 1, 0) > 0;
}

static void take_edges(Control *control);

/** Fetches what the board has, as long as there is room for it, with an eye on the lines. */
static void drain(Control *control)
{
	for (int i = 0; i < CONTROL_DRAIN_MAX && control->board && link_wants_transfer(&control->link); i++) {
		if (!have_room(control, now_ns()))
			return;
		if (edges_wait(control))
			take_edges(control);
		else
			transfer(control);
		if (control->link.bad_in_row > 0 && i > 8)
			return; /* a board that answers nothing is asked again at the next beat */
	}
}

/* ---- lines ---- */

static void take_edge(Control *control, const StippleEdge *edge)
{
	atomic_fetch_add_explicit(&control->edges, 1, memory_order_relaxed);
	if (edge->line == STIPPLE_LINE_EMERGENCY_STOP) {
		control->estop = edge->active;
		if (edge->active)
			latch(control, CONTROL_FAULT_EMERGENCY_STOP, BOARD_FAULT_NONE, 0, edge->monotonic_ns);
		control->told_estop = !edge->active;
		tell_lines(control);
	} else if (edge->line == STIPPLE_LINE_PEDAL) {
		control->pedal = edge->active;
		update_enable(control);
		control->told_pedal = !edge->active;
		tell_lines(control);
	} else if (edge->line == STIPPLE_LINE_DATA_READY && edge->active && control->board) {
		transfer(control);
	}
}

static void take_edges(Control *control)
{
	StippleEdge edges[16];
	int n = control->options.board->read_edges(control->board, edges, ELEMENTS(edges));

	if (n < 0) {
		close_board(control, n,
			"the board's lines are gone: check its cable; it is looked for every second");
		return;
	}
	/* the stop goes before whatever else happened in the same instant */
	for (int i = 0; i < n; i++)
		if (edges[i].line == STIPPLE_LINE_EMERGENCY_STOP)
			take_edge(control, &edges[i]);
	for (int i = 0; i < n && control->board; i++)
		if (edges[i].line != STIPPLE_LINE_EMERGENCY_STOP)
			take_edge(control, &edges[i]);
}

/* ---- commands ---- */

static void send_command(Control *control, const ControlCommand *command, const Frame *frame)
{
	control->current = *command;
	control->ticketed = true;
	(void)!link_command(&control->link, frame, now_ns() + CONTROL_COMMAND_MS * NS_PER_MS);
}

static void acknowledge(Control *control, const ControlCommand *command)
{
	Frame frame = { 0 };

	if (control->estop) {
		answer(control, command, FRAME_CLEAR_FAULT, -EBUSY);
		return;
	}
	if (control->link.fault == BOARD_FAULT_NONE) {
		control->fault = CONTROL_FAULT_NONE;
		control->link.stop = false;
		answer(control, command, FRAME_CLEAR_FAULT, 0);
		return;
	}
	payload_put_clear_fault(&frame, control->link.fault);
	send_command(control, command, &frame);
}

static void run_command(Control *control, const ControlCommand *command)
{
	Frame frame = { 0 };

	switch (command->verb) {
	case CONTROL_CONFIGURE:
		payload_put_settings(&frame, &command->settings);
		break;
	case CONTROL_ARM:
		payload_put_arm(&frame, &command->arm);
		if (is_stopped(control) || control->pedal) {
			answer(control, command, FRAME_ARM, -EBUSY);
			return;
		}
		break;
	case CONTROL_DISARM:
		payload_put_command(&frame, FRAME_DISARM);
		atomic_fetch_sub(&control->disarms, 1);
		control->armed = false;
		set_enable(control, false);
		break;
	case CONTROL_QUERY:
		payload_put_command(&frame, command->query);
		break;
	case CONTROL_ACKNOWLEDGE:
		break;
	case CONTROL_LAMPS:
		for (int i = 0; i < 3 && control->board; i++)
			(void)!control->options.board->set_line(control->board,
				(StippleLine)(STIPPLE_LINE_LAMP_READY + i), command->lamps[i]);
		return;
	}
	if (!control->board || !control->up)
		answer(control, command, (FrameType)frame.type, -ENOTCONN);
	else if (command->verb == CONTROL_ACKNOWLEDGE)
		acknowledge(control, command);
	else
		send_command(control, command, &frame);
}

static void take_orders(Control *control)
{
	ControlCommand command;

	if (atomic_exchange(&control->stop, false)) {
		latch(control, CONTROL_FAULT_HOST, BOARD_FAULT_NONE, 0, 0);
	}
	if (atomic_load(&control->disarms) > 0) {
		control->armed = false;
		set_enable(control, false);
	}
	/* without a link each is refused at once: an unanswered HELLO must not hold them up */
	while ((!control->link.waiting || !control->up) &&
		ring_count(control->facts) < CONTROL_FACTS - CONTROL_FACTS_ANSWERS &&
		ring_pop(control->commands, &command))
		run_command(control, &command);
}

/* ---- the loop ---- */

/** A link that is past use: the needle stops, the command under way fails, and the greeting starts over. */
static void lose_link(Control *control, int error, int64_t silence_ns)
{
	bool unanswered = !control->up && !control->resetting;

	if (control->armed)
		latch(control, CONTROL_FAULT_LINK_LOST, BOARD_FAULT_NONE, (int32_t)(silence_ns / NS_PER_MS),
			0);
	abort_command(control, error);
	board_down(control, -ETIMEDOUT, "the board does not answer: check its power and its cable");
	if (!control->board)
		return;
	/* a board that has not even answered HELLO is reset for a moment, in case it hangs */
	control->resetting =
		unanswered && control->options.board->set_line(control->board, STIPPLE_LINE_RESET, true) >= 0;
	control->started_ns = now_ns();
	greet(control);
}

static void end_reset(Control *control)
{
	int r;

	control->resetting = false;
	r = control->options.board->set_line(control->board, STIPPLE_LINE_RESET, false);
	if (r < 0)
		control->broken = r;
}

static void watch_link(Control *control)
{
	int64_t now = now_ns(), heard = control->link.heard ? control->link.heard_ns : control->started_ns;
	int64_t timeout = control->options.link_timeout_ms * NS_PER_MS;
	int64_t beats = 2 * control->options.heartbeat_ms * NS_PER_MS;

	if (control->faulted_ns && now - control->faulted_ns > beats)
		latch_board_fault(control, (BoardFault)control->link.fault, 0);
	if (control->armed && control->disarmed_ns && now - control->disarmed_ns > beats)
		latch(control, CONTROL_FAULT_BOARD, BOARD_FAULT_NONE, 0, 0);
	if (control->armed && control->full_ns && now - control->full_ns > CONTROL_FULL_MS * NS_PER_MS)
		latch(control, CONTROL_FAULT_FACTS_OVERRUN, BOARD_FAULT_NONE, CONTROL_FACTS, 0);
	if (!control->board)
		return;
	if (control->resetting && now - control->started_ns > beats)
		end_reset(control);
	if (link_expired(&control->link, now))
		lose_link(control, -ETIMEDOUT, now - heard);
	else if ((control->up || !control->link.waiting) && now - heard > timeout)
		lose_link(control, -ENOTCONN, now - heard);
}

/** Whoever cannot hear a person's order to stop does not let the needle run either. */
static void watch_main(Control *control)
{
	uint32_t beats = atomic_load_explicit(&control->main_beats, memory_order_relaxed);
	int64_t now = now_ns(), silence;

	if (beats != control->main_seen || control->main_heard_ns == 0) {
		control->main_seen = beats;
		control->main_heard_ns = now;
	}
	silence = now - control->main_heard_ns;
	if (control->options.main_silent_ms && control->armed &&
		silence > control->options.main_silent_ms * NS_PER_MS)
		latch(control, CONTROL_FAULT_MAIN_SILENT, BOARD_FAULT_NONE, (int32_t)(silence / NS_PER_MS),
			0);
}

static void close_broken(Control *control)
{
	if (control->board && control->broken)
		close_board(control, control->broken,
			"a line of the board cannot be used: check its cable; it is looked for every second");
}

static void wait_for_something(Control *control)
{
	struct pollfd fds[2] = { { .fd = ring_fd(control->commands), .events = POLLIN }, { .fd = -1 } };
	int64_t now = now_ns(), until = control->board ? control->beat_ns : control->reopen_ns;
	struct timespec timeout;

	if (control->board) {
		fds[1] = (struct pollfd){ .fd = control->options.board->poll_fd(control->board),
			.events = POLLIN };
		if (link_wants_transfer(&control->link) && until > now + NS_PER_MS)
			until = now + NS_PER_MS;
	}
	if (until > now + CONTROL_ROUND_MS * NS_PER_MS)
		until = now + CONTROL_ROUND_MS * NS_PER_MS; /* a sign of life also without a board */
	until = until > now ? until - now : 0;
	timeout = (struct timespec){ until / NS_PER_S, until % NS_PER_S };
	(void)ppoll(fds, 2, &timeout, NULL);
	/* edges before all else: one of them may be the emergency stop */
	if (control->board && fds[1].revents)
		take_edges(control);
	if (fds[0].revents)
		ring_clear(control->commands);
}

/** Faults in and holds what the loop will need of its stack, which the kernel hands out page by page. */
static void __attribute__((noinline)) lock_stack(void)
{
	volatile char used[CONTROL_STACK_USED];

	for (size_t i = 0; i < sizeof used; i += 1024)
		used[i] = 0;
	(void)!mlock((const void *)used, sizeof used);
}

static void become_realtime(Control *control)
{
	struct sched_param parameters = { .sched_priority = CONTROL_PRIORITY };
	int r;

	if (!control->options.realtime)
		return;
	r = pthread_setschedparam(pthread_self(), SCHED_FIFO, &parameters);
	atomic_store(&control->realtime, r == 0);
	atomic_store(&control->realtime_error, r);
	/* for the daemon whose whole memory may not be locked, and so that all of it is there before it is
	 * needed */
	(void)!mlock(control, sizeof *control);
	ring_lock(control->commands);
	ring_lock(control->facts);
	lock_stack();
}

void *control_thread(void *userdata)
{
	Control *control = userdata;

	(void)pthread_setname_np(pthread_self(), "control");
	become_realtime(control);
	while (!atomic_load(&control->leave)) {
		atomic_fetch_add_explicit(&control->rounds, 1, memory_order_relaxed);
		if (!control->board && now_ns() >= control->reopen_ns)
			open_board(control);
		wait_for_something(control);
		take_orders(control);
		if (control->board && now_ns() >= control->beat_ns)
			transfer(control);
		drain(control);
		watch_main(control);
		if (control->board)
			watch_link(control);
		close_broken(control);
		tell_fault(control);
		tell_lines(control);
	}
	if (control->board)
		stop_needle(control);
	atomic_store(&control->cuttable, NULL);
	if (control->board)
		control->options.board->close(control->board);
	return NULL;
}
