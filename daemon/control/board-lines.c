/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The board as the control thread sees it: opening and greeting it, the edges of its lines, and giving up a
 * link that fails. What stops the needle is handled before anything else that happened in the same instant.
 */

#include "control/control-private.h"

#include <poll.h>
#include <string.h>

#include "util/digest.h"

/* ---- opening ---- */

static void greet_board(Control *control)
{
	HelloPayload hello = { FRAME_PROTOCOL_VERSION, FRAME_PROTOCOL_VERSION };
	Frame frame = { 0 };
	uint16_t number = 0;

	/* without randomness from the system yet, any number that differs from the last one will do */
	if (random_bytes(&number, sizeof number) < 0 || number == 0 || number == control->link.number)
		number = (uint16_t)(control->link.number + 1) ? (uint16_t)(control->link.number + 1) : 1;
	link_start(&control->link, number);
	control->link.stop = control->fault != CONTROL_FAULT_NONE;
	payload_put_hello(&frame, &hello);
	control_send(control, &frame);
}

/** An input that cannot be read counts as a pressed emergency stop. */
static void read_inputs(Control *control)
{
	const StippleBoardVtable *board = control->options.board;
	int r;

	if ((r = board->get_line(control->board, STIPPLE_LINE_PEDAL, &control->pedal)) < 0 ||
		(r = board->get_line(control->board, STIPPLE_LINE_EMERGENCY_STOP, &control->estop)) < 0) {
		control->broken = r;
		return;
	}
	control->told_pedal = !control->pedal;
	control->told_estop = !control->estop;
	control_tell_lines(control);
	if (control->estop)
		control_latch(control, CONTROL_FAULT_EMERGENCY_STOP, 0);
}

void control_open_board(Control *control)
{
	char error[STIPPLE_ERROR_MAX] = "";
	int r = control->options.board->open(control->options.host, &control->board, error);

	if (r < 0) {
		control->board = NULL;
		control->reopen_ns = control_now_ns() + control->options.reopen_ms * NS_PER_MS;
		control_board_down(control, r, error[0] ? error : strerror(-r));
		return;
	}
	atomic_store(&control->cuttable, control->board);
	control->enabled = control->resetting = false;
	control_forget_lamps(control);
	control->broken = 0;
	control->started_ns = control_now_ns();
	read_inputs(control);
	greet_board(control);
}

/* ---- lines ---- */

static void take_edge(Control *control, const StippleEdge *edge)
{
	atomic_fetch_add_explicit(&control->edges, 1, memory_order_relaxed);
	if (edge->line == STIPPLE_LINE_EMERGENCY_STOP) {
		control->estop = edge->active;
		if (edge->active)
			control_latch_with(control, CONTROL_FAULT_EMERGENCY_STOP, BOARD_FAULT_NONE, 0,
				edge->monotonic_ns);
		control->told_estop = !edge->active;
		control_tell_lines(control);
	} else if (edge->line == STIPPLE_LINE_PEDAL) {
		control->pedal = edge->active;
		control_update_enable(control);
		control->told_pedal = !edge->active;
		control_tell_lines(control);
	} else if (edge->line == STIPPLE_LINE_DATA_READY && edge->active && control->board) {
		control_transfer(control);
	}
}

void control_take_edges(Control *control)
{
	StippleEdge edges[16];
	int n = control->options.board->read_edges(control->board, edges, ELEMENTS(edges));

	if (n < 0) {
		control_close_board(control, n,
			"the board's lines are gone: check its cable; it is looked for every second");
		return;
	}
	/* the emergency stop is handled before anything else from the same instant */
	for (int i = 0; i < n; i++)
		if (edges[i].line == STIPPLE_LINE_EMERGENCY_STOP)
			take_edge(control, &edges[i]);
	for (int i = 0; i < n && control->board; i++)
		if (edges[i].line != STIPPLE_LINE_EMERGENCY_STOP)
			take_edge(control, &edges[i]);
}

/* ---- frames, as long as there are any ---- */

static bool edges_wait(Control *control)
{
	struct pollfd fd = { .fd = control->options.board->poll_fd(control->board), .events = POLLIN };

	return poll(&fd, 1, 0) > 0;
}

void control_drain(Control *control)
{
	for (int i = 0; i < CONTROL_DRAIN_MAX && control->board && link_wants_transfer(&control->link); i++) {
		if (!control_have_room(control, control_now_ns()))
			return;
		if (edges_wait(control))
			control_take_edges(control);
		else
			control_transfer(control);
		if (control->link.bad_in_row > 0 && i > 8)
			return; /* a board that does not answer is asked again at the next heartbeat */
	}
}

/* ---- a link that fails ---- */

/** Gives up a link that fails: stops the needle, fails the pending command, and greets the board again. */
static void lose_link(Control *control, int error, int64_t silence_ns)
{
	bool unanswered = !control->up && !control->resetting;

	if (control->armed)
		control_latch(control, CONTROL_FAULT_LINK_LOST, (int32_t)(silence_ns / NS_PER_MS));
	control_abort_command(control, error);
	control_board_down(control, -ETIMEDOUT, "the board does not answer: check its power and its cable");
	if (!control->board)
		return;
	/* a board that has not even answered HELLO may hang: reset it for a moment */
	control->resetting =
		unanswered && control->options.board->set_line(control->board, STIPPLE_LINE_RESET, true) >= 0;
	control->started_ns = control_now_ns();
	greet_board(control);
}

static void end_reset(Control *control)
{
	int r;

	control->resetting = false;
	r = control->options.board->set_line(control->board, STIPPLE_LINE_RESET, false);
	if (r < 0)
		control->broken = r;
}

void control_watch_link(Control *control)
{
	int64_t now = control_now_ns(),
		heard = control->link.heard ? control->link.heard_ns : control->started_ns;
	int64_t timeout = control->options.link_timeout_ms * NS_PER_MS;
	int64_t beats = 2 * control->options.heartbeat_ms * NS_PER_MS;

	if (control->faulted_ns && now - control->faulted_ns > beats)
		control_latch_board_fault(control, (BoardFault)control->link.fault, 0);
	if (control->armed && control->disarmed_ns && now - control->disarmed_ns > beats)
		control_latch(control, CONTROL_FAULT_BOARD, 0);
	if (control->armed && control->full_ns && now - control->full_ns > CONTROL_FULL_MS * NS_PER_MS)
		control_latch(control, CONTROL_FAULT_FACTS_OVERRUN, CONTROL_FACTS);
	if (!control->board)
		return;
	if (control->resetting && now - control->started_ns > beats)
		end_reset(control);
	if (link_expired(&control->link, now))
		lose_link(control, -ETIMEDOUT, now - heard);
	else if ((control->up || !control->link.waiting) && now - heard > timeout)
		lose_link(control, -ENOTCONN, now - heard);
}

void control_close_broken(Control *control)
{
	if (control->board && control->broken)
		control_close_board(control, control->broken,
			"a line of the board cannot be used: check its cable; it is looked for every second");
}
