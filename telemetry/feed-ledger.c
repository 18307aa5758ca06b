/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The reading side of the feed: it compares the ledger with the progress, and reads the records that wait to
 * be sent. It must not keep the ledger's file open for longer than it is read, and must not send anything.
 */

#include "feed-private.h"

#include <string.h>

#include "util/log.h"

void feed_clear_queue(Feed *feed)
{
	for (; feed->n > 0; feed->n--, feed->first = (feed->first + 1) % QUEUE)
		free(feed->queue[feed->first].message);
	feed->fetched = feed->window.newest;
	feed->more = true;
}

static void begin_at(Feed *feed, uint64_t cursor)
{
	size_t n = 0;

	feed->progress.cursor = cursor;
	for (size_t i = 0; i < feed->progress.n_withheld; i++)
		if (feed->progress.withheld[i].seq <= cursor)
			feed->progress.withheld[n++] = feed->progress.withheld[i];
	feed->progress.n_withheld = n;
	send_window_init(&feed->window, feed->config->mqtt_in_flight, cursor);
	feed_clear_queue(feed);
}

/**
 * Whether the progress belongs to this ledger. A backup that was restored in its place shares the records
 * before its ledger.restored; the records from there on have not been sent.
 */
static int check_outbox_ledger(Feed *feed)
{
	LedgerOutboxInfo info;
	uint8_t hash[DIGEST_BYTES];
	int r = ledger_outbox_info(feed->ledger, &info);

	if (r < 0)
		return r;
	if (!feed->begun && feed->progress.cursor == 0 && !feed->progress.names[0]) {
		/* earlier versions kept the cursor in the ledger */
		if (info.published && info.published <= info.newest) {
			r = ledger_outbox_hash(feed->ledger, info.published, feed->progress.hash);
			if (r < 0)
				return r;
		}
		feed->progress.checkpoint =
			info.checkpoint_published <= info.checkpoint ? info.checkpoint_published : 0;
		begin_at(feed, info.published <= info.newest ? info.published : 0);
	} else if (feed->progress.cursor > 0) {
		r = ledger_outbox_hash(feed->ledger, feed->progress.cursor, hash);
		if (r < 0 && r != -ENOENT)
			return r;
		if (r == -ENOENT || memcmp(hash, feed->progress.hash, sizeof hash) != 0) {
			uint64_t cursor = info.restored ? info.restored - 1 : 0;

			log_warning("another ledger has taken the place of the one that was published: "
				    "what it has from record %llu on is sent",
				(unsigned long long)cursor + 1);
			feed->progress.checkpoint = 0;
			feed->unkept = true;
			begin_at(feed, cursor < feed->progress.cursor ? cursor : feed->progress.cursor);
		}
	}
	if (!feed->begun)
		begin_at(feed, feed->progress.cursor);
	feed->begun = true;
	return 0;
}

void feed_close_ledger(Feed *feed)
{
	feed->ledger = ledger_outbox_free(feed->ledger);
}

LedgerOutbox *feed_ledger(Feed *feed)
{
	_cleanup_(freep) char *path = NULL;
	Error error;
	int r;

	if (!feed->serving)
		return NULL;
	feed->used_us = clock_monotonic_us();
	if (feed->ledger)
		return feed->ledger;
	path = config_ledger(feed->config);
	if (!path)
		return NULL;
	r = ledger_outbox_open(path, &feed->ledger, &error);
	if (r == 0) {
		error_set(&error, -EIO, "the ledger %.120s cannot be read", path);
		r = check_outbox_ledger(feed);
	}
	if (r == 0) {
		feed->error.text[0] = '\0';
		feed->error_logged = false;
		return feed->ledger;
	}
	feed_close_ledger(feed);
	feed->error = error;
	if (!feed->error_logged)
		log_warning("%s", error.text);
	feed->error_logged = true;
	return NULL;
}

/** Closes the ledger when reading fails, for example because its file was replaced. */
static void ledger_failed(Feed *feed, int r)
{
	log_debug("the outbox could not be read: %s", strerror(-r));
	feed_close_ledger(feed);
	feed->more = true; /* the timer tries again */
}

Progress *feed_progress(Feed *feed)
{
	return &feed->progress;
}

void feed_keep(Feed *feed)
{
	int r;

	feed->kept_us = clock_monotonic_us();
	for (size_t i = 0; i < SENT; i++)
		if (feed->window.cursor && feed->sent[i].seq == feed->window.cursor) {
			feed->progress.cursor = feed->sent[i].seq;
			memcpy(feed->progress.hash, feed->sent[i].hash, DIGEST_BYTES);
		}
	r = progress_save(feed->folder, &feed->progress);
	if (r < 0) {
		log_warning("%s cannot be written (%s): messages may be sent again after the next start",
			feed->folder, strerror(-r));
		return;
	}
	feed->kept = feed->progress.cursor;
	feed->unkept = false;
}

static int queue_message(void *userdata, const LedgerMessage *record)
{
	Feed *feed = userdata;
	Queued *queued = &feed->queue[(feed->first + feed->n) % QUEUE];

	queued->seq = record->seq;
	memcpy(queued->hash, record->hash, DIGEST_BYTES);
	queued->stock = strcmp(record->kind, "lot.received") == 0;
	queued->message = NULL;
	if (topic_of_record(feed->config, record, queued->topic)) {
		queued->message = message_of_record(feed->config, record, false);
		if (!queued->message)
			return -ENOMEM;
	}
	feed->n++;
	feed->fetched = record->seq;
	return 0;
}

void feed_fetch(Feed *feed)
{
	LedgerOutbox *ledger = feed_ledger(feed);
	size_t before = feed->n;
	int r;

	if (!ledger)
		return;
	feed->more = false;
	r = ledger_outbox_read(ledger, feed->fetched, BATCH, queue_message, feed);
	if (r < 0)
		ledger_failed(feed, r);
	else if (feed->n - before == BATCH)
		feed->more = true;
}
