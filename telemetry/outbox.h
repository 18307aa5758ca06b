/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The window over the durable outbox: which record is published next, which are under way, and up to
 * where the broker has everything. Pure; the ledger is the outbox itself.
 */

#include <stdbool.h>
#include <stdint.h>

enum { OUTBOX_WINDOW_MAX = 100 };

typedef struct Outbox {
	uint32_t window; /* at most this many under way */
	uint64_t cursor; /* every published-kind record up to here has reached the broker */
	uint64_t newest; /* highest sequence number handed to outbox_sent() since the cursor */
	struct {
		uint64_t seq;
		int message; /* libmosquitto's id */
		bool acknowledged;
	} under_way[OUTBOX_WINDOW_MAX]; /* in order of seq */
	uint32_t n;
} Outbox;

void outbox_init(Outbox *outbox, uint32_t window, uint64_t cursor);
/** Room for one more? */
bool outbox_has_room(const Outbox *outbox);
/** A record was handed to the client library. Sequence numbers only grow. Only when there is room. */
void outbox_sent(Outbox *outbox, uint64_t seq, int message);
/** A record is not to be sent: as if the broker had it already. Only when there is room. */
void outbox_skipped(Outbox *outbox, uint64_t seq);
/** The broker has taken a message. True when the cursor moved. Unknown and repeated ids are ignored. */
bool outbox_acknowledged(Outbox *outbox, int message);
/** The record that a message under way is of; 0: none, or it was acknowledged. */
uint64_t outbox_find(const Outbox *outbox, int message);
/** The connection is gone: what was under way is to be sent again, from the cursor. */
void outbox_restart(Outbox *outbox);
