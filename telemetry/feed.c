/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Sends waiting records to the broker. It must never hold a snapshot of the ledger while it waits for the
 * broker.
 */

#include "feed-private.h"

#include <string.h>

#include "topics.h"
#include "util/log.h"

/* ---- sending ---- */

static bool withhold(Feed *feed, uint64_t seq, uint32_t limit, const char *why)
{
	if (feed->progress.n_withheld == PROGRESS_WITHHELD_MAX) {
		feed->full = true;
		return false;
	}
	if (progress_withhold(&feed->progress, seq, limit)) {
		log_warning("record %llu cannot be published (%s): it is withheld until that changes",
			(unsigned long long)seq, why);
		feed->unkept = true;
	}
	return true;
}

/** 0, or the reason why the record has to wait. */
static int send_queued(Feed *feed, const Queued *queued)
{
	int id, r = -EINVAL;

	if (queued->message)
		r = broker_publish(feed->broker, queued->topic, queued->message, 1, false, 0, &id);
	if (r == -EINVAL) {
		/* no broker would ever take it, and it would block all later records */
		log_warning("record %llu cannot be published (it has no topic); it stays in the ledger",
			(unsigned long long)queued->seq);
		send_window_skipped(&feed->window, queued->seq);
		return 0;
	}
	if (r == -EMSGSIZE) {
		if (!withhold(feed, queued->seq, broker_limit(feed->broker),
			    "the broker takes no packets as long as that"))
			return r;
		send_window_skipped(&feed->window, queued->seq);
		return 0;
	}
	if (r < 0)
		return r;
	feed->stock_changed = feed->stock_changed || queued->stock;
	if (feed->window.n == 0)
		feed->progress_us = clock_monotonic_us();
	send_window_sent(&feed->window, queued->seq, id);
	return 0;
}

/** Sends what the window has room for. Whether nothing has to wait for another reason. */
static bool send_all(Feed *feed)
{
	while (feed->n > 0 && send_window_has_room(&feed->window)) {
		Queued *queued = &feed->queue[feed->first];

		if (send_queued(feed, queued) < 0)
			return false;
		feed->sent[feed->next_sent].seq = queued->seq;
		memcpy(feed->sent[feed->next_sent].hash, queued->hash, DIGEST_BYTES);
		feed->next_sent = (feed->next_sent + 1) % SENT;
		free(queued->message);
		feed->first = (feed->first + 1) % QUEUE;
		feed->n--;
	}
	return true;
}

static int send_late(void *userdata, const LedgerMessage *record)
{
	Feed *feed = userdata;
	_cleanup_(freep) char *message = NULL;
	char topic[TOPIC_MAX];
	int r;

	if (record->seq != feed->late.seq || !topic_of_record(feed->config, record, topic))
		return -EINVAL;
	message = message_of_record(feed->config, record, true);
	if (!message)
		return -ENOMEM;
	r = broker_publish(feed->broker, topic, message, 1, false, 0, &feed->late.message);
	if (r == -EMSGSIZE) /* the limit has grown, but not enough */
		for (size_t i = 0; i < feed->progress.n_withheld; i++)
			if (feed->progress.withheld[i].seq == record->seq)
				feed->progress.withheld[i].limit = broker_limit(feed->broker);
	return r;
}

/** Sends the next withheld record after `after` that may be sent: one at a time. */
static void try_late(Feed *feed, uint64_t after)
{
	uint32_t limit = broker_limit(feed->broker);

	feed->late.next = false;
	for (size_t i = 0; i < feed->progress.n_withheld; i++) {
		const Withheld *withheld = &feed->progress.withheld[i];
		LedgerOutbox *ledger;

		if (withheld->seq <= after || (limit && withheld->limit && limit <= withheld->limit))
			continue;
		ledger = feed_ledger(feed);
		if (!ledger)
			return; /* tried again with the next connection */
		feed->late.seq = withheld->seq;
		if (ledger_outbox_read(ledger, withheld->seq - 1, 1, send_late, feed) == 0)
			return;
		feed->late.seq = 0;
	}
}

void feed_pump(Feed *feed)
{
	bool goes;

	if (!broker_connected(feed->broker) || !feed->serving)
		return;
	if (!feed->begun && !feed_ledger(feed))
		return;
	do {
		broker_hold(feed->broker);
		goes = send_all(feed);
		broker_release(feed->broker);
		/* the broker is busy now: read the next records meanwhile */
		if (feed->more && feed->n <= QUEUE - BATCH)
			feed_fetch(feed);
	} while (goes && feed->n > 0 && send_window_has_room(&feed->window));
}

/* ---- events ---- */

void feed_set_serving(Feed *feed, bool serving)
{
	feed->serving = serving;
	feed->more = feed->miscounted = true;
	if (!serving)
		feed_close_ledger(feed);
}

void feed_news(Feed *feed)
{
	feed->more = feed->miscounted = true;
}

void feed_connected(Feed *feed)
{
	feed->more = true;
	feed->full = false;
	feed->late.seq = 0;
	try_late(feed, 0);
}

void feed_disconnected(Feed *feed)
{
	feed->late.seq = 0;
	send_window_restart(&feed->window);
	feed_clear_queue(feed);
	feed->miscounted = true;
}

bool feed_acknowledged(Feed *feed, int message, int code)
{
	uint64_t seq = send_window_find(&feed->window, message);

	if (feed->late.seq != 0 && feed->late.message == message) {
		seq = feed->late.seq;
		feed->late.seq = 0;
		if (code == 0)
			progress_release(&feed->progress, seq);
		feed->unkept = feed->progressed = feed->late.next = true;
		feed->late.after = seq;
		return true;
	}
	if (seq == 0)
		return false;
	if (code != 0 && !withhold(feed, seq, 0, broker_reason(code)))
		return true; /* it stays in flight, and blocks the records after it */
	(void)send_window_acknowledged(&feed->window, message);
	feed->progressed = true;
	return true;
}

void feed_served(Feed *feed)
{
	if (!feed->progressed)
		return;
	feed->progressed = false;
	feed->progress_us = clock_monotonic_us();
	feed->miscounted = true;
	if (feed->late.next)
		try_late(feed, feed->late.after);
	feed_pump(feed);
	if (feed->progress_us - feed->kept_us > KEEP_US && feed->window.cursor != feed->kept)
		feed_keep(feed);
}

static bool stalled(const Feed *feed)
{
	return broker_connected(feed->broker) && feed->window.n > 0 &&
	       clock_monotonic_us() - feed->progress_us > feed->config->telemetry_expiry_s * USEC_PER_SEC;
}

/** Counts only while records do wait: otherwise nobody needs the figure. */
static void count_waiting(Feed *feed)
{
	LedgerOutbox *ledger;

	if (!feed->miscounted || (broker_connected(feed->broker) && !stalled(feed) && !feed->full))
		return;
	ledger = feed_ledger(feed);
	if (ledger && feed->begun && ledger_outbox_count(ledger, feed->window.cursor, &feed->waiting) == 0)
		feed->miscounted = false;
}

void feed_tick(Feed *feed)
{
	if (feed->begun && (feed->window.cursor != feed->kept || feed->unkept) &&
		(feed->window.n == 0 || clock_monotonic_us() - feed->kept_us > KEEP_US))
		feed_keep(feed);
	count_waiting(feed);
	feed_pump(feed);
	if (clock_monotonic_us() - feed->used_us > IDLE_US)
		feed_close_ledger(feed);
}

bool feed_stock_changed(Feed *feed)
{
	bool changed = feed->stock_changed;

	feed->stock_changed = false;
	return changed;
}

void feed_status(const Feed *feed, FeedStatus *ret)
{
	*ret = (FeedStatus){
		.cursor = feed->window.cursor,
		.stalled = stalled(feed),
		.full = feed->full,
		.withheld = feed->progress.n_withheld,
		.first = feed->progress.n_withheld ? feed->progress.withheld[0].seq : 0,
		.error = feed->error.text,
	};
	for (size_t i = 0; i < feed->progress.n_withheld; i++)
		ret->by_limit += feed->progress.withheld[i].limit != 0;
	if (!broker_connected(feed->broker) || ret->stalled || feed->full)
		ret->waiting = feed->waiting;
}

/* ---- life ---- */

int feed_new(const Config *config, const char *folder, Broker *broker, Feed **ret)
{
	_cleanup_(feed_freep) Feed *feed = calloc(1, sizeof *feed);
	int r;

	if (!feed)
		return -ENOMEM;
	feed->config = config;
	feed->folder = folder;
	feed->broker = broker;
	feed->miscounted = feed->more = true;
	r = progress_load(folder, &feed->progress);
	if (r < 0 && r != -ENOENT)
		log_warning("the progress in %s cannot be read (%s): messages are sent again", folder,
			strerror(-r));
	if (r == -ENOMEM)
		return r;
	feed->kept = feed->progress.cursor;
	send_window_init(&feed->window, config->mqtt_in_flight, feed->progress.cursor);
	feed->fetched = feed->progress.cursor;
	*ret = TAKE_PTR(feed);
	return 0;
}

Feed *feed_free(Feed *feed)
{
	if (!feed)
		return NULL;
	if (feed->begun && (feed->window.cursor != feed->kept || feed->unkept))
		feed_keep(feed);
	feed_clear_queue(feed);
	feed_close_ledger(feed);
	free(feed);
	return NULL;
}
