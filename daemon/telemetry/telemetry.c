/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/telemetry.h"

#include <string.h>

#include "telemetry/mqtt-client.h"
#include "telemetry/outbox.h"
#include "telemetry/topics.h"
#include "util/log.h"

enum {
	FETCH_ROWS = 200,
	FETCH_BELOW =
		100, /* rows left when the next are fetched, so that the broker never waits for the disk */
	CURSOR_US = 2 * USEC_PER_SEC,
};

struct Telemetry {
	const Config *config;
	Station *station;
	Ledger *ledger;
	MqttClient *client;
	sd_event_source *timer;
	Outbox outbox;
	json_t *rows; /* fetched; those from next_row on are to be sent */
	size_t next_row;
	uint64_t fetched;     /* of the last row fetched */
	bool fetching, more;  /* more: the ledger may have rows behind `fetched` */
	bool stale;           /* what is being fetched was asked for before the connection was lost */
	uint64_t kept_cursor; /* as the ledger knows it */
	int64_t kept_us;
	bool state_asked, state_changed; /* see ask_state() */
	json_t *stock;                   /* for the state; NULL: not read yet */
	bool board;                      /* whether the last state said that it answers */
	char *live;                      /* the last live message sent */
	bool progressed;                 /* acknowledgements have come since the last pump() */
	int64_t progress_us;             /* when the broker last took something, or was given it */
	uint64_t waiting;                /* messages that had not arrived when it was last counted */
	bool counting, miscounted;
	struct {
		uint64_t published; /* size of the one that the broker has, retained */
		uint64_t sent;      /* of the one under way, 0 none */
		int message;        /* its id */
		bool asked;
		bool again; /* a new connection: what the broker has is not known to be there still */
	} checkpoint;
	bool closing;
};

static void pump(Telemetry *telemetry);

/* ---- the outbox ---- */

static void forget_rows(Telemetry *telemetry)
{
	json_decref(telemetry->rows);
	telemetry->rows = NULL;
	telemetry->next_row = 0;
	telemetry->fetched = telemetry->outbox.newest;
	telemetry->more = true;
}

static size_t rows_left(const Telemetry *telemetry)
{
	return json_array_size(telemetry->rows) - telemetry->next_row;
}

/** Puts the rows behind those that are still to be sent. */
static int add_rows(Telemetry *telemetry, json_t *rows)
{
	json_auto_t *all = json_array();

	if (!all)
		return -ENOMEM;
	for (size_t i = telemetry->next_row; i < json_array_size(telemetry->rows); i++)
		if (json_array_append(all, json_array_get(telemetry->rows, i)) < 0)
			return -ENOMEM;
	if (json_array_extend(all, rows) < 0)
		return -ENOMEM;
	json_decref(telemetry->rows);
	telemetry->rows = TAKE_PTR(all);
	telemetry->next_row = 0;
	return 0;
}

static void rows_fetched(void *userdata, int error, json_t *rows)
{
	Telemetry *telemetry = userdata;
	size_t n = json_array_size(rows);

	telemetry->fetching = false;
	if (telemetry->stale) {
		/* a connection lost meanwhile moved the window back: these rows are not the next ones */
		telemetry->stale = false;
		telemetry->more = true;
	} else if (error < 0 || add_rows(telemetry, rows) < 0) {
		log_debug("the outbox could not be read: %s", strerror(error < 0 ? -error : ENOMEM));
		telemetry->more = true;
		return; /* the timer tries again */
	} else if (n > 0) {
		telemetry->fetched =
			(uint64_t)json_integer_value(json_object_get(json_array_get(rows, n - 1), "seq"));
		telemetry->more = telemetry->more || n == FETCH_ROWS;
	}
	pump(telemetry);
}

static void fetch(Telemetry *telemetry)
{
	json_auto_t *arguments =
		json_pack("{s:I, s:i}", "after", (json_int_t)telemetry->fetched, "limit", FETCH_ROWS);

	if (!arguments || telemetry->fetching)
		return;
	if (ledger_lookup(telemetry->ledger, "outbox", arguments, rows_fetched, telemetry) < 0)
		return;
	telemetry->fetching = true;
	telemetry->more = false;
}

/** 0, or why the row has to wait. */
static int send_row(Telemetry *telemetry, const json_t *row)
{
	uint64_t seq = (uint64_t)json_integer_value(json_object_get(row, "seq"));
	_cleanup_(freep) char *message = NULL;
	char topic[TOPIC_MAX];
	int id, r = -EINVAL;

	if (topic_of_record(telemetry->config, row, topic)) {
		message = message_of_record(telemetry->config, row);
		if (!message)
			return -ENOMEM;
		/* the timer tells the new stock; what else changes it changes the station's view too */
		if (strcmp(json_string_value(json_object_get(row, "kind")), "lot.received") == 0)
			telemetry->state_changed = true;
		r = mqtt_client_publish(telemetry->client, topic, message, 1, false, 0, &id);
	}
	if (r == -EINVAL || r == -EMSGSIZE) {
		/* it would hold up all that come after it */
		log_warning("record %llu cannot be published (%s); it stays in the ledger",
			(unsigned long long)seq,
			r == -EINVAL ? "it has no topic" : "the broker takes none so long");
		outbox_skipped(&telemetry->outbox, seq);
		return 0;
	}
	if (r < 0)
		return r;
	if (telemetry->outbox.n == 0)
		telemetry->progress_us = clock_monotonic_us();
	outbox_sent(&telemetry->outbox, seq, id);
	return 0;
}

static void pump(Telemetry *telemetry)
{
	if (!mqtt_client_connected(telemetry->client))
		return;
	while (rows_left(telemetry) > 0 && outbox_has_room(&telemetry->outbox)) {
		if (send_row(telemetry, json_array_get(telemetry->rows, telemetry->next_row)) < 0)
			return;
		telemetry->next_row++;
	}
	if (telemetry->more && rows_left(telemetry) < FETCH_BELOW)
		fetch(telemetry);
}

static void keep_cursor(Telemetry *telemetry)
{
	if (telemetry->outbox.cursor == telemetry->kept_cursor)
		return;
	telemetry->kept_cursor = telemetry->outbox.cursor;
	telemetry->kept_us = clock_monotonic_us();
	ledger_set_published(telemetry->ledger, telemetry->kept_cursor);
}

/* ---- what waits, for people ---- */

/** A broker that has answered nothing for so long would only get figures that are stale by then. */
static bool stalled(const Telemetry *telemetry)
{
	return telemetry->outbox.n > 0 && clock_monotonic_us() - telemetry->progress_us >
						  telemetry->config->telemetry_expiry_s * USEC_PER_SEC;
}

static void counted(void *userdata, int error, json_t *rows)
{
	Telemetry *telemetry = userdata;

	telemetry->counting = false;
	if (error < 0)
		telemetry->miscounted = true;
	else
		telemetry->waiting =
			(uint64_t)json_integer_value(json_object_get(json_array_get(rows, 0), "messages"));
}

/** Only while they do wait: otherwise nobody asks. */
static void count_waiting(Telemetry *telemetry)
{
	json_auto_t *arguments = NULL;

	if (telemetry->counting || !telemetry->miscounted ||
		(mqtt_client_connected(telemetry->client) && !stalled(telemetry)))
		return;
	arguments = json_pack("{s:I}", "after", (json_int_t)telemetry->outbox.cursor);
	if (!arguments || ledger_lookup(telemetry->ledger, "waiting", arguments, counted, telemetry) < 0)
		return; /* the timer tries again */
	telemetry->counting = true;
	telemetry->miscounted = false;
}

/* ---- the retained state and the live stream ---- */

static void publish_state(Telemetry *telemetry, int qos)
{
	_cleanup_(freep) char *message = message_of_state(
		telemetry->config, station_view(telemetry->station), telemetry->stock, !telemetry->closing);
	char topic[TOPIC_MAX];

	if (!message || !mqtt_client_connected(telemetry->client))
		return;
	telemetry->board = station_view(telemetry->station)->board_connected;
	topic_make(telemetry->config, "state", topic);
	(void)!mqtt_client_publish(telemetry->client, topic, message, qos, true, 0, NULL);
}

static void ask_state(Telemetry *telemetry);

static void state_kept(void *userdata, int error, json_t *rows)
{
	Telemetry *telemetry = userdata;

	/* told in any case: a ledger that fails latches a fault, and a dashboard had better show that */
	telemetry->state_asked = false;
	if (error == 0) {
		json_decref(telemetry->stock);
		telemetry->stock = json_incref(rows);
	}
	publish_state(telemetry, 1);
	if (telemetry->state_changed)
		ask_state(telemetry);
}

/**
 * Some changes are seen before their record is on disk. The ledger answers in order and after the commit:
 * when it has answered a question of ours (what is in stock, which is in the state too), all that led to the
 * state is durable.
 */
static void ask_state(Telemetry *telemetry)
{
	telemetry->state_changed = true;
	if (telemetry->state_asked || !mqtt_client_connected(telemetry->client))
		return;
	if (ledger_lookup(telemetry->ledger, "newest-stock", NULL, state_kept, telemetry) < 0)
		return; /* the timer tries again */
	telemetry->state_asked = true;
	telemetry->state_changed = false;
}

static void publish_live(Telemetry *telemetry)
{
	const StationView *view = station_view(telemetry->station);
	_cleanup_(freep) char *message = NULL;
	char topic[TOPIC_MAX];

	if (view->session == 0)
		return;
	message = message_of_telemetry(telemetry->config, view);
	if (!message || (telemetry->live && strcmp(message, telemetry->live) == 0))
		return;
	topic_make(telemetry->config, "telemetry", topic);
	if (!mqtt_client_connected(telemetry->client) || mqtt_client_congested(telemetry->client) ||
		stalled(telemetry) ||
		mqtt_client_publish(telemetry->client, topic, message, 0, false,
			telemetry->config->telemetry_expiry_s, NULL) < 0)
		return;
	free(telemetry->live);
	telemetry->live = TAKE_PTR(message);
}

/* ---- the newest checkpoint, retained ---- */

static void publish_checkpoint(Telemetry *telemetry, const json_t *checkpoint)
{
	_cleanup_(freep) char *message = json_dumps(checkpoint, JSON_COMPACT | JSON_SORT_KEYS);
	char topic[TOPIC_MAX];

	topic_make(telemetry->config, "checkpoint", topic);
	if (!message || mqtt_client_publish(telemetry->client, topic, message, 1, true, 0,
				&telemetry->checkpoint.message) < 0)
		return;
	telemetry->checkpoint.again = false;
	telemetry->checkpoint.sent = (uint64_t)json_integer_value(json_object_get(checkpoint, "size"));
}

static void checkpoint_read(void *userdata, int error, json_t *checkpoint)
{
	Telemetry *telemetry = userdata;

	telemetry->checkpoint.asked = false;
	if (error == 0 && mqtt_client_connected(telemetry->client) && telemetry->checkpoint.sent == 0)
		publish_checkpoint(telemetry, checkpoint);
}

/** One at a time: each is proved to continue the one before, which the broker has by then. */
static void ask_checkpoint(Telemetry *telemetry)
{
	uint64_t newest = ledger_checkpoint_size(telemetry->ledger);

	if (telemetry->checkpoint.asked || telemetry->checkpoint.sent || newest == 0 ||
		!mqtt_client_connected(telemetry->client) ||
		(newest == telemetry->checkpoint.published && !telemetry->checkpoint.again))
		return;
	if (ledger_checkpoint(
		    telemetry->ledger, telemetry->checkpoint.published, checkpoint_read, telemetry) < 0)
		return; /* the timer tries again */
	telemetry->checkpoint.asked = true;
}

static bool checkpoint_acknowledged(Telemetry *telemetry, int message)
{
	if (telemetry->checkpoint.sent == 0 || telemetry->checkpoint.message != message)
		return false;
	telemetry->checkpoint.published = telemetry->checkpoint.sent;
	telemetry->checkpoint.sent = 0;
	ledger_set_checkpoint_published(telemetry->ledger, telemetry->checkpoint.published);
	return true;
}

/* ---- events ---- */

static void on_connected(void *userdata)
{
	Telemetry *telemetry = userdata;

	ask_state(telemetry);
	telemetry->checkpoint.again = true;
	ask_checkpoint(telemetry);
	telemetry->more = true;
	pump(telemetry);
}

static void on_disconnected(void *userdata)
{
	Telemetry *telemetry = userdata;

	telemetry->checkpoint.sent = 0;
	outbox_restart(&telemetry->outbox);
	forget_rows(telemetry);
	telemetry->stale = telemetry->fetching;
}

static void on_acknowledged(void *userdata, int message)
{
	Telemetry *telemetry = userdata;

	if (telemetry->closing)
		return;
	if (!checkpoint_acknowledged(telemetry, message))
		(void)outbox_acknowledged(&telemetry->outbox, message);
	telemetry->progressed = true;
}

static void on_served(void *userdata)
{
	Telemetry *telemetry = userdata;

	if (telemetry->closing || !telemetry->progressed)
		return;
	telemetry->progressed = false;
	telemetry->progress_us = clock_monotonic_us();
	telemetry->miscounted = true;
	pump(telemetry);
	/* written with the next commit anyway: no reason to make one for each message */
	if (telemetry->progress_us - telemetry->kept_us > CURSOR_US)
		keep_cursor(telemetry);
}

static void on_changed(void *userdata, unsigned changes)
{
	Telemetry *telemetry = userdata;

	/* of the lines only the board is in the state: a pedal would publish it with every step on it */
	if ((changes & (STATION_CHANGED_STATE | STATION_CHANGED_OPERATOR | STATION_CHANGED_ZONE)) ||
		station_view(telemetry->station)->board_connected != telemetry->board)
		ask_state(telemetry);
	if (changes & STATION_CHANGED_RECORDS) {
		telemetry->more = telemetry->miscounted = true;
		pump(telemetry);
		ask_checkpoint(telemetry);
	}
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	Telemetry *telemetry = userdata;

	publish_live(telemetry);
	if (telemetry->state_changed)
		ask_state(telemetry);
	if (telemetry->outbox.n == 0 || clock_monotonic_us() - telemetry->kept_us > CURSOR_US)
		keep_cursor(telemetry);
	count_waiting(telemetry);
	pump(telemetry);
	ask_checkpoint(telemetry);
	return sd_event_source_set_time_relative(source, telemetry->config->telemetry_ms * 1000ULL);
}

/* ---- life ---- */

int telemetry_new(sd_event *event, const Config *config, Station *station, Ledger *ledger,
	const LedgerInfo *info, Telemetry **ret)
{
	_cleanup_(telemetry_freep) Telemetry *telemetry = calloc(1, sizeof *telemetry);
	_cleanup_(freep) char *will = NULL;
	MqttHandler handler = { on_connected, on_disconnected, on_acknowledged, on_served, telemetry };
	StationObserver observer = { .changed = on_changed, .userdata = telemetry };
	char topic[TOPIC_MAX];
	int r;

	if (!telemetry)
		return -ENOMEM;
	telemetry->config = config;
	telemetry->station = station;
	telemetry->ledger = ledger;
	telemetry->kept_cursor = telemetry->fetched = info->published;
	telemetry->checkpoint.published = info->checkpoint_published;
	telemetry->miscounted = true;
	outbox_init(&telemetry->outbox, config->mqtt_in_flight, info->published);
	will = message_of_state(config, station_view(station), NULL, false);
	if (!will)
		return -ENOMEM;
	topic_make(config, "state", topic);
	r = mqtt_client_new(event, config, topic, will, &handler, &telemetry->client);
	if (r >= 0)
		r = sd_event_add_time_relative(event, &telemetry->timer, CLOCK_MONOTONIC,
			config->telemetry_ms * 1000ULL, 10000, on_timer, telemetry);
	if (r >= 0)
		r = sd_event_source_set_enabled(telemetry->timer, SD_EVENT_ON);
	if (r >= 0)
		r = station_observe(station, &observer);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(telemetry);
	return 0;
}

Telemetry *telemetry_free(Telemetry *telemetry)
{
	if (!telemetry)
		return NULL;
	telemetry->closing = true;
	station_unobserve(telemetry->station, telemetry);
	if (telemetry->client)
		/* not QoS 1: behind a full window it would never leave */
		publish_state(telemetry, 0);
	mqtt_client_free(telemetry->client);
	keep_cursor(telemetry);
	sd_event_source_disable_unref(telemetry->timer);
	json_decref(telemetry->rows);
	json_decref(telemetry->stock);
	free(telemetry->live);
	free(telemetry);
	return NULL;
}

void telemetry_status(const Telemetry *telemetry, TelemetryStatus *ret)
{
	*ret = (TelemetryStatus){
		.enabled = true,
		.connected = mqtt_client_connected(telemetry->client),
		.stalled = mqtt_client_connected(telemetry->client) && stalled(telemetry),
		.published = telemetry->outbox.cursor,
	};
	if (!ret->connected || ret->stalled)
		ret->waiting = telemetry->waiting;
	snprintf(ret->text, sizeof ret->text, "%.*s%s", ret->stalled ? 220 : 255,
		mqtt_client_text(telemetry->client), ret->stalled ? ", but it acknowledges nothing" : "");
}
