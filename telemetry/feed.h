/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * From the ledger to the broker, in order and losing nothing: reads records a few at a time, while the broker
 * is busy with those before, and remembers how far it got. A record that the broker does not take for what it
 * is is withheld, by name, until it takes it. The ledger's file is closed once
 * nothing was read from it for ten seconds.
 */

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "ledger/outbox.h"
#include "broker.h"
#include "progress.h"
#include "util/cleanup.h"

typedef struct Feed Feed;

typedef struct FeedStatus {
	uint64_t cursor;   /* the broker has all up to it, but what is withheld */
	uint64_t waiting;  /* messages that had not arrived when they were last counted */
	bool stalled;      /* something is under way, and nothing was acknowledged for telemetry_expiry_s */
	bool full;         /* more would have to be withheld than can be remembered: it waits */
	size_t withheld;   /* ... of them: */
	uint64_t first;    /* the lowest number */
	size_t by_limit;   /* because of their length */
	const char *error; /* why the ledger cannot be read, or "" */
} FeedStatus;

/** `folder` is telemetry's own, where progress is kept; `broker` outlives the feed. Blocks on the disk. */
int feed_new(const Config *config, const char *folder, Broker *broker, Feed **ret) _must_check_;
/** Keeps the progress. Accepts NULL; returns NULL. */
Feed *feed_free(Feed *feed);
DEFINE_CLEANUP(Feed *, feed_free, feed_freep);

/** The ledger, opened where it is not, and held against the progress; NULL when it cannot be. Not kept. */
LedgerOutbox *feed_ledger(Feed *feed);
/** To be read and, before feed_keep(), changed in its names and checkpoint. */
Progress *feed_progress(Feed *feed);
/** Makes the progress durable. */
void feed_keep(Feed *feed);

/** Whether the daemon serves: without it nothing is read. */
void feed_set_serving(Feed *feed, bool serving);
/** There may be new records. */
void feed_news(Feed *feed);
/** Sends what there is room for. */
void feed_pump(Feed *feed);
/** A new connection: what was withheld may go now. */
void feed_connected(Feed *feed);
/** The connection is lost: what was under way is sent again. */
void feed_disconnected(Feed *feed);
/** The broker's answer; `code` 0: taken, else why not (MQTT reason code). False when it is not the feed's. */
bool feed_acknowledged(Feed *feed, int message, int code);
/** All answers that had come are in. */
void feed_served(Feed *feed);
/** Now and then: closes the file when it was idle, counts, keeps progress. */
void feed_tick(Feed *feed);
/** True once after a lot was received: it changes the stock. */
bool feed_stock_changed(Feed *feed);

void feed_status(const Feed *feed, FeedStatus *ret);
