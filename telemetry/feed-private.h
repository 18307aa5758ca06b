/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What reading and sending share. Nothing else includes it. */

#include "feed.h"
#include "send-window.h"
#include "topics.h"

enum {
	QUEUE = 64, /* records read and not sent yet */
	BATCH = 16, /* ... read at once: a broker has more than that to do meanwhile */
	SENT = 256, /* at least as many as can be under way */
	KEEP_US = 2 * USEC_PER_SEC,
	IDLE_US = 10 * USEC_PER_SEC, /* after which the ledger's file is closed: to open it takes a look at
					all of it */
};

typedef struct Queued {
	uint64_t seq;
	uint8_t hash[DIGEST_BYTES];
	bool stock; /* it changes what is in stock */
	char topic[TOPIC_MAX];
	char *message; /* NULL: it has no topic */
} Queued;

struct Feed {
	const Config *config;
	const char *folder;
	Broker *broker;
	LedgerOutbox *ledger; /* NULL while closed */
	int64_t used_us;      /* when it was last asked for */
	Error error;          /* why it is closed */
	bool error_logged;
	bool serving;
	bool begun; /* the progress was held against a ledger */
	Progress progress;
	uint64_t kept; /* cursor of the progress that is durable */
	int64_t kept_us;
	bool unkept; /* something but the cursor changed */
	SendWindow window;
	Queued queue[QUEUE];
	size_t first, n; /* of the queue: a ring */
	struct {
		uint64_t seq;
		uint8_t hash[DIGEST_BYTES];
	} sent[SENT]; /* the last ones: the cursor is one of them */
	size_t next_sent;
	uint64_t fetched; /* number of the last record read */
	bool more;        /* there may be records behind it */
	bool stock_changed;
	bool full;
	struct {
		uint64_t seq; /* 0: none is under way */
		int message;
		uint64_t after; /* the next is one behind it */
		bool next;      /* ... and may go now */
	} late;                 /* the one of those withheld that is tried again */
	bool progressed;
	int64_t progress_us; /* when the broker last took something, or was given it */
	uint64_t waiting;
	bool miscounted;
};

/* ---- feed-ledger.c ---- */

void feed_close_ledger(Feed *feed);
/** Forgets what was read and not sent: it is read again. */
void feed_clear_queue(Feed *feed);
/** Reads the next records, as long as there are some. */
void feed_fetch(Feed *feed);
