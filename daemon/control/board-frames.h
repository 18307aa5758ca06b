/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The station's side of the link protocol as a pure engine: builds the next frame, takes what came back. No
 * OS calls, no allocation; time is passed in. docs/board-protocol.md is the specification.
 *
 * Commands are sent one at a time, and repeated with the same sequence number until they are answered. The
 * board's numbered frames are accepted strictly in order; after a bad or missing one the board is asked to
 * resend.
 */

#include <stdbool.h>
#include <stdint.h>

#include "stipple/board-frame.h"

typedef enum LinkEvent {
	LINK_NOTHING, /* idle, a duplicate, or a frame of an earlier connection */
	LINK_FRAME,   /* a numbered frame in order, in link->received */
	LINK_FULL,    /* a numbered frame in order, but there was no room: the board keeps it */
	LINK_BAD,     /* could not be decoded; link->bad_in_row counts */
} LinkEvent;

typedef struct Link {
	uint16_t number;   /* of this connection; 0 before link_start() */
	uint16_t sequence; /* of the newest command */
	uint16_t taken;    /* newest board frame accepted in order */
	bool again;        /* ask the board to resend */
	bool owe;          /* a numbered frame has arrived since the last transfer: acknowledge it soon */
	bool stop;         /* put STOP into every frame until cleared */
	bool waiting;      /* a command is pending */
	int64_t deadline_ns;
	Frame command;
	Frame received;
	bool heard;       /* a valid frame of this link has arrived */
	int64_t heard_ns; /* when, CLOCK_MONOTONIC */
	uint32_t board_time_us;
	uint16_t flags; /* FrameFlags of the newest frame */
	uint8_t fault;  /* BoardFault of the newest frame */
	uint32_t bad_in_row;
	uint64_t bad, resent;
} Link;

/**
 * Starts a new connection: sequence numbers start again, and the next command must be HELLO. `number` is not
 * 0.
 */
void link_start(Link *link, uint16_t number);

/** Starts a command. False while another one is pending. `command` has type, length and payload. */
bool link_command(Link *link, const Frame *command, int64_t deadline_ns);

/**
 * True when a command was not answered in time; it is then no longer pending. The board may or may not have
 * executed it, so the next sequence number is unknown: start the link again.
 */
bool link_expired(Link *link, int64_t now_ns);

/** Builds the frame for the next transfer. */
void link_compose(Link *link, int64_t now_ns, uint8_t ret[STIPPLE_FRAME_BYTES]);

/**
 * Handles the frame that came back. An answer ends the pending command. Without `room` a numbered frame is
 * not accepted: the board keeps it and is asked for it again.
 */
LinkEvent link_take(Link *link, const uint8_t bytes[STIPPLE_FRAME_BYTES], int64_t now_ns, bool room);

/** More frames are waiting, or an acknowledgement is owed: transfer again without a pause. */
bool link_wants_transfer(const Link *link);
