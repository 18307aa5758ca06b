/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Sends records from the ledger to the broker, in order and without loss. It reads a few records at a time,
 * while the broker is busy with the ones before, and remembers how far it got. A record that the broker
 * refuses for its contents is withheld: its number is remembered until the broker takes it. The ledger's
 * file is closed when nothing was read from it for ten seconds.
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
	uint64_t cursor;   /* the broker has all records up to it, except those withheld */
	uint64_t waiting;  /* messages not yet delivered when they were last counted */
	bool stalled;      /* messages are in flight, but none was acknowledged for telemetry_expiry_s */
	bool full;         /* no room to withhold more records: the feed waits */
	size_t withheld;   /* number of records withheld; of these: */
	uint64_t first;    /* the lowest number */
	size_t by_limit;   /* because of their length */
	const char *error; /* why the ledger cannot be read, or "" */
} FeedStatus;

/**
 * `folder` is telemetry's own folder for the progress; `broker` must outlive the feed. Blocks on the disk.
 */
int feed_new(const Config *config, const char *folder, Broker *broker, Feed **ret) _must_check_;
/** Saves the progress. Accepts NULL; returns NULL. */
Feed *feed_free(Feed *feed);
DEFINE_CLEANUP(Feed *, feed_free, feed_freep);

/**
 * The ledger, opened if necessary and compared with the progress; NULL when that fails. Do not keep the
 * pointer.
 */
LedgerOutbox *feed_ledger(Feed *feed);
/** The progress, for reading. Only its names and checkpoint may be changed, before feed_keep(). */
Progress *feed_progress(Feed *feed);
/** Makes the progress durable. */
void feed_keep(Feed *feed);

/** Whether the daemon is running: without it nothing is read. */
void feed_set_serving(Feed *feed, bool serving);
/** There may be new records. */
void feed_news(Feed *feed);
/** Sends as many records as there is room for. */
void feed_pump(Feed *feed);
/** There is a new connection: withheld records may be tried again. */
void feed_connected(Feed *feed);
/** The connection was lost: records in flight are sent again. */
void feed_disconnected(Feed *feed);
/**
 * The broker's answer; `code` 0: taken, otherwise the MQTT reason code. False when the message is not the
 * feed's.
 */
bool feed_acknowledged(Feed *feed, int message, int code);
/** All answers that had arrived were handled. */
void feed_served(Feed *feed);
/** Call this periodically: it closes an idle file, counts, and saves the progress. */
void feed_tick(Feed *feed);
/** True once after a record that changes the stock, such as the receipt of a lot. */
bool feed_stock_changed(Feed *feed);

void feed_status(const Feed *feed, FeedStatus *ret);
