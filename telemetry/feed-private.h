/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Shared by the two files of the feed, which read and send. Nothing else includes it. */

#include "feed.h"
#include "send-window.h"
#include "topics.h"

enum {
	QUEUE = 64, /* records read and not sent yet */
	BATCH = 16, /* ... read in one go: sending them keeps a broker busy in the meantime */
	SENT = 256, /* at least as many as can be in flight */
	KEEP_US = 2 * USEC_PER_SEC,
	IDLE_US = 10 * USEC_PER_SEC, /* then the ledger is closed; opening it looks at all of it */
};

typedef struct Queued {
	uint64_t seq;
	uint8_t hash[DIGEST_BYTES];
	bool stock; /* the record changes the stock */
	char topic[TOPIC_MAX];
	char *message; /* NULL: the record has no topic */
} Queued;

struct Feed {
	const Config *config;
	const char *folder;
	Broker *broker;
	LedgerOutbox *ledger; /* NULL while closed */
	int64_t used_us;      /* when it was last used */
	Error error;          /* why it is closed */
	bool error_logged;
	bool serving;
	bool begun; /* the progress was compared with a ledger */
	Progress progress;
	uint64_t kept; /* the cursor that was last saved */
	int64_t kept_us;
	bool unkept; /* something other than the cursor changed */
	SendWindow window;
	Queued queue[QUEUE];
	size_t first, n; /* of the queue, which is a ring */
	struct {
		uint64_t seq;
		uint8_t hash[DIGEST_BYTES];
	} sent[SENT]; /* the last records sent: the cursor is one of them */
	size_t next_sent;
	uint64_t fetched; /* number of the last record read */
	bool more;        /* there may be records after it */
	bool stock_changed;
	bool full;
	struct {
		uint64_t seq; /* 0: none is in flight */
		int message;
		uint64_t after; /* the next one has a higher number than this */
		bool next;      /* ... and may be sent now */
	} late;                 /* the withheld record that is tried again */
	bool progressed;
	int64_t progress_us; /* when the broker last took a record, or got one */
	uint64_t waiting;
	bool miscounted;
};

/* ---- feed-ledger.c ---- */

void feed_close_ledger(Feed *feed);
/** Forgets the records that were read but not sent; they are read again. */
void feed_clear_queue(Feed *feed);
/** Reads the next records, as long as there are some. */
void feed_fetch(Feed *feed);
