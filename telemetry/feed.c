/* SPDX-License-Identifier: Apache-2.0 */

/** From the ledger to the broker. It must never hold a snapshot of the ledger while it waits for the broker.
 */

#include "feed.h"

#include <string.h>

#include "outbox.h"
#include "topics.h"
#include "util/log.h"

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
	MqttClient *client;
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
	Outbox outbox;
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

/* ---- the ledger ---- */

static void clear_queue(Feed *feed)
{
	for (; feed->n > 0; feed->n--, feed->first = (feed->first + 1) % QUEUE)
		free(feed->queue[feed->first].message);
	feed->fetched = feed->outbox.newest;
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
	outbox_init(&feed->outbox, feed->config->mqtt_in_flight, cursor);
	clear_queue(feed);
}

/**
 * Whether the ledger is the one that the progress is about. A backup that was put in its place shares the
 * records before its ledger.restored; what comes from there on has not been sent.
 */
static int check_outbox_ledger(Feed *feed)
{
	LedgerOutboxInfo info;
	uint8_t hash[DIGEST_BYTES];
	int r = ledger_outbox_info(feed->ledger, &info);

	if (r < 0)
		return r;
	if (!feed->begun && feed->progress.cursor == 0 && !feed->progress.names[0]) {
		/* earlier versions kept it in the ledger */
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

static void close_ledger(Feed *feed)
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
	close_ledger(feed);
	feed->error = error;
	if (!feed->error_logged)
		log_warning("%s", error.text);
	feed->error_logged = true;
	return NULL;
}

/** What was open is not what it was, or is no more. */
static void ledger_failed(Feed *feed, int r)
{
	log_debug("the outbox could not be read: %s", strerror(-r));
	close_ledger(feed);
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
		if (feed->outbox.cursor && feed->sent[i].seq == feed->outbox.cursor) {
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

/* ---- reading ---- */

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

static void fetch(Feed *feed)
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

/** 0, or why it has to wait. */
static int send_queued(Feed *feed, const Queued *queued)
{
	int id, r = -EINVAL;

	if (queued->message)
		r = mqtt_client_publish(feed->client, queued->topic, queued->message, 1, false, 0, &id);
	if (r == -EINVAL) {
		/* it would hold up all that come after it, and no broker would ever take it */
		log_warning("record %llu cannot be published (it has no topic); it stays in the ledger",
			(unsigned long long)queued->seq);
		outbox_skipped(&feed->outbox, queued->seq);
		return 0;
	}
	if (r == -EMSGSIZE) {
		if (!withhold(feed, queued->seq, mqtt_client_limit(feed->client),
			    "the broker takes no packets as long as that"))
			return r;
		outbox_skipped(&feed->outbox, queued->seq);
		return 0;
	}
	if (r < 0)
		return r;
	feed->stock_changed = feed->stock_changed || queued->stock;
	if (feed->outbox.n == 0)
		feed->progress_us = clock_monotonic_us();
	outbox_sent(&feed->outbox, queued->seq, id);
	return 0;
}

/** What the window has room for. Whether none of it has to wait for something else. */
static bool send_all(Feed *feed)
{
	while (feed->n > 0 && outbox_has_room(&feed->outbox)) {
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
	r = mqtt_client_publish(feed->client, topic, message, 1, false, 0, &feed->late.message);
	if (r == -EMSGSIZE) /* the limit has grown, but not as far */
		for (size_t i = 0; i < feed->progress.n_withheld; i++)
			if (feed->progress.withheld[i].seq == record->seq)
				feed->progress.withheld[i].limit = mqtt_client_limit(feed->client);
	return r;
}

/** The next one that may go, after record `after`: one at a time. */
static void try_late(Feed *feed, uint64_t after)
{
	uint32_t limit = mqtt_client_limit(feed->client);

	feed->late.next = false;
	for (size_t i = 0; i < feed->progress.n_withheld; i++) {
		const Withheld *withheld = &feed->progress.withheld[i];
		LedgerOutbox *ledger;

		if (withheld->seq <= after || (limit && withheld->limit && limit <= withheld->limit))
			continue;
		ledger = feed_ledger(feed);
		if (!ledger)
			return; /* with the next connection */
		feed->late.seq = withheld->seq;
		if (ledger_outbox_read(ledger, withheld->seq - 1, 1, send_late, feed) == 0)
			return;
		feed->late.seq = 0;
	}
}

void feed_pump(Feed *feed)
{
	bool goes;

	if (!mqtt_client_connected(feed->client) || !feed->serving)
		return;
	if (!feed->begun && !feed_ledger(feed))
		return;
	do {
		mqtt_client_hold(feed->client);
		goes = send_all(feed);
		mqtt_client_release(feed->client);
		/* now the broker has something to do: the next are read meanwhile */
		if (feed->more && feed->n <= QUEUE - BATCH)
			fetch(feed);
	} while (goes && feed->n > 0 && outbox_has_room(&feed->outbox));
}

/* ---- events ---- */

void feed_set_serving(Feed *feed, bool serving)
{
	feed->serving = serving;
	feed->more = feed->miscounted = true;
	if (!serving)
		close_ledger(feed);
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
	outbox_restart(&feed->outbox);
	clear_queue(feed);
	feed->miscounted = true;
}

bool feed_acknowledged(Feed *feed, int message, int code)
{
	uint64_t seq = outbox_find(&feed->outbox, message);

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
	if (code != 0 && !withhold(feed, seq, 0, mqtt_client_reason(code)))
		return true; /* it stays under way, and holds up those behind it */
	(void)outbox_acknowledged(&feed->outbox, message);
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
	if (feed->progress_us - feed->kept_us > KEEP_US && feed->outbox.cursor != feed->kept)
		feed_keep(feed);
}

static bool stalled(const Feed *feed)
{
	return mqtt_client_connected(feed->client) && feed->outbox.n > 0 &&
	       clock_monotonic_us() - feed->progress_us > feed->config->telemetry_expiry_s * USEC_PER_SEC;
}

/** Only while they do wait: otherwise nobody asks. */
static void count_waiting(Feed *feed)
{
	LedgerOutbox *ledger;

	if (!feed->miscounted || (mqtt_client_connected(feed->client) && !stalled(feed) && !feed->full))
		return;
	ledger = feed_ledger(feed);
	if (ledger && feed->begun && ledger_outbox_count(ledger, feed->outbox.cursor, &feed->waiting) == 0)
		feed->miscounted = false;
}

void feed_tick(Feed *feed)
{
	if (feed->begun && (feed->outbox.cursor != feed->kept || feed->unkept) &&
		(feed->outbox.n == 0 || clock_monotonic_us() - feed->kept_us > KEEP_US))
		feed_keep(feed);
	count_waiting(feed);
	feed_pump(feed);
	if (clock_monotonic_us() - feed->used_us > IDLE_US)
		close_ledger(feed);
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
		.cursor = feed->outbox.cursor,
		.stalled = stalled(feed),
		.full = feed->full,
		.withheld = feed->progress.n_withheld,
		.first = feed->progress.n_withheld ? feed->progress.withheld[0].seq : 0,
		.error = feed->error.text,
	};
	for (size_t i = 0; i < feed->progress.n_withheld; i++)
		ret->by_limit += feed->progress.withheld[i].limit != 0;
	if (!mqtt_client_connected(feed->client) || ret->stalled || feed->full)
		ret->waiting = feed->waiting;
}

/* ---- life ---- */

int feed_new(const Config *config, const char *folder, MqttClient *client, Feed **ret)
{
	_cleanup_(feed_freep) Feed *feed = calloc(1, sizeof *feed);
	int r;

	if (!feed)
		return -ENOMEM;
	feed->config = config;
	feed->folder = folder;
	feed->client = client;
	feed->miscounted = feed->more = true;
	r = progress_load(folder, &feed->progress);
	if (r < 0 && r != -ENOENT)
		log_warning("the progress in %s cannot be read (%s): messages are sent again", folder,
			strerror(-r));
	if (r == -ENOMEM)
		return r;
	feed->kept = feed->progress.cursor;
	outbox_init(&feed->outbox, config->mqtt_in_flight, feed->progress.cursor);
	feed->fetched = feed->progress.cursor;
	*ret = TAKE_PTR(feed);
	return 0;
}

Feed *feed_free(Feed *feed)
{
	if (!feed)
		return NULL;
	if (feed->begun && (feed->outbox.cursor != feed->kept || feed->unkept))
		feed_keep(feed);
	clear_queue(feed);
	close_ledger(feed);
	free(feed);
	return NULL;
}
