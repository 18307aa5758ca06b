/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The window over the durable outbox: which record is published next, which are in flight, and up to where
 * the broker has everything. Pure; the ledger itself is the outbox.
 */

#include <stdbool.h>
#include <stdint.h>

enum { SEND_WINDOW_MAX = 100 };

typedef struct SendWindow {
	uint32_t limit;  /* at most this many in flight */
	uint64_t cursor; /* all published records up to here have reached the broker */
	uint64_t newest; /* highest sequence number handed to send_window_sent() since the cursor */
	struct {
		uint64_t seq;
		int message; /* libmosquitto's id */
		bool acknowledged;
	} under_way[SEND_WINDOW_MAX]; /* in order of seq */
	uint32_t n;
} SendWindow;

void send_window_init(SendWindow *window, uint32_t limit, uint64_t cursor);
/** Whether there is room for one more. */
bool send_window_has_room(const SendWindow *window);
/** A record was handed to the client library. Sequence numbers only grow. Only when there is room. */
void send_window_sent(SendWindow *window, uint64_t seq, int message);
/** A record that is not to be sent counts as if the broker had it already. Only when there is room. */
void send_window_skipped(SendWindow *window, uint64_t seq);
/** The broker has taken a message. True when the cursor moved. Unknown and repeated ids are ignored. */
bool send_window_acknowledged(SendWindow *window, int message);
/** The record that a message in flight belongs to; 0: none, or it was acknowledged. */
uint64_t send_window_find(const SendWindow *window, int message);
/** The connection is gone: records in flight are sent again, beginning after the cursor. */
void send_window_restart(SendWindow *window);
