/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The station's side of the link protocol: it builds and accepts frames. It makes no system call, allocates
 * nothing and reads no clock. It must not accept a numbered frame out of order, or a state from an older
 * frame.
 */

#include "control/board-frames.h"

#include <string.h>

void link_start(Link *link, uint16_t number)
{
	uint64_t bad = link->bad, resent = link->resent;

	memset(link, 0, sizeof *link);
	link->bad = bad;
	link->resent = resent;
	link->number = number;
}

bool link_command(Link *link, const Frame *command, int64_t deadline_ns)
{
	if (link->waiting)
		return false;
	link->command = *command;
	link->command.sequence = ++link->sequence;
	link->waiting = true;
	link->deadline_ns = deadline_ns;
	return true;
}

bool link_expired(Link *link, int64_t now_ns)
{
	if (!link->waiting || now_ns < link->deadline_ns)
		return false;
	link->waiting = false;
	return true;
}

void link_compose(Link *link, int64_t now_ns, uint8_t ret[STIPPLE_FRAME_BYTES])
{
	Frame frame = { .type = FRAME_IDLE };

	if (link->waiting)
		frame = link->command;
	frame.marker = FRAME_FROM_STATION;
	frame.link = link->number;
	frame.acknowledge = link->taken;
	frame.time_us = (uint32_t)(now_ns / 1000);
	frame.flags = (uint16_t)((link->again ? FRAME_FLAG_AGAIN : 0) | (link->stop ? FRAME_FLAG_STOP : 0));
	frame_encode(&frame, ret);
	link->resent += link->again;
	link->owe = false;
}

/**
 * Only newer frames tell the current state; a replayed frame must not bring back an old one. False when the
 * frame is not newer.
 */
static bool take_state(Link *link, const Frame *frame, int64_t now_ns)
{
	if (link->heard && (int32_t)(frame->time_us - link->board_time_us) < 0)
		return false;
	link->heard = true;
	link->heard_ns = now_ns;
	link->board_time_us = frame->time_us;
	link->flags = frame->flags;
	link->fault = frame->fault;
	return true;
}

LinkEvent link_take(Link *link, const uint8_t bytes[STIPPLE_FRAME_BYTES], int64_t now_ns, bool room)
{
	Frame frame;
	bool present;

	if (frame_decode(bytes, FRAME_FROM_BOARD, &frame) != FRAME_OK) {
		link->bad++;
		link->bad_in_row++;
		link->again = true;
		return LINK_BAD;
	}
	link->bad_in_row = 0;
	if (frame.link != link->number)
		return LINK_NOTHING;
	present = take_state(link, &frame, now_ns);
	if (frame.type == FRAME_IDLE) {
		/* nothing waits at the board, so the bad frame need not be sent again */
		if (present)
			link->again = false;
		return LINK_NOTHING;
	}
	if (frame.sequence != (uint16_t)(link->taken + 1)) {
		if ((int16_t)(frame.sequence - link->taken) > 1)
			link->again = true;
		return LINK_NOTHING;
	}
	if (!room) {
		link->again = true;
		return LINK_FULL;
	}
	link->taken = frame.sequence;
	link->again = false;
	link->owe = true;
	link->received = frame;
	if (link->waiting && frame.type == (link->command.type | FRAME_ANSWER))
		link->waiting = false;
	return LINK_FRAME;
}

bool link_wants_transfer(const Link *link)
{
	return link->owe || link->waiting || link->again || (link->flags & FRAME_FLAG_MORE);
}
