/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The window over the durable outbox: which record is published next, which are under way, and up to
 * where the broker has everything. Pure; the ledger is the outbox itself.
 */

#include <stdbool.h>
#include <stdint.h>

enum { SEND_WINDOW_MAX = 100 };

typedef struct SendWindow {
	uint32_t limit;  /* at most this many under way */
	uint64_t cursor; /* every published-kind record up to here has reached the broker */
	uint64_t newest; /* highest sequence number handed to send_window_sent() since the cursor */
	struct {
		uint64_t seq;
		int message; /* libmosquitto's id */
		bool acknowledged;
	} under_way[SEND_WINDOW_MAX]; /* in order of seq */
	uint32_t n;
} SendWindow;

void send_window_init(SendWindow *window, uint32_t limit, uint64_t cursor);
/** Room for one more? */
bool send_window_has_room(const SendWindow *window);
/** A record was handed to the client library. Sequence numbers only grow. Only when there is room. */
void send_window_sent(SendWindow *window, uint64_t seq, int message);
/** A record is not to be sent: as if the broker had it already. Only when there is room. */
void send_window_skipped(SendWindow *window, uint64_t seq);
/** The broker has taken a message. True when the cursor moved. Unknown and repeated ids are ignored. */
bool send_window_acknowledged(SendWindow *window, int message);
/** The record that a message under way is of; 0: none, or it was acknowledged. */
uint64_t send_window_find(const SendWindow *window, int message);
/** The connection is gone: what was under way is to be sent again, from the cursor. */
void send_window_restart(SendWindow *window);
