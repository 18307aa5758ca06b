/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/telemetry.h"

#include <string.h>

#include "telemetry/mqtt-client.h"
#include "telemetry/outbox.h"
#include "telemetry/topics.h"
#include "util/log.h"

enum { FETCH_ROWS = 200, CURSOR_US = 2 * USEC_PER_SEC };

struct Telemetry {
	const Config *config;
	Station *station;
	Ledger *ledger;
	MqttClient *client;
	sd_event_source *timer;
	Outbox outbox;
	json_t *rows; /* fetched and not yet sent */
	size_t next_row;
	bool fetching, more;  /* more: a record was committed since the last fetch began */
	bool stale;           /* what is being fetched was asked for before the connection was lost */
	uint64_t kept_cursor; /* as the ledger knows it */
	int64_t kept_us;
	uint64_t dropped;
	bool closing;
};

static void pump(Telemetry *telemetry);

/* ---- the outbox ---- */

static void rows_fetched(void *userdata, int error, json_t *rows)
{
	Telemetry *telemetry = userdata;

	telemetry->fetching = false;
	if (error < 0 || telemetry->closing) {
		log_debug("the outbox could not be read: %s", strerror(-error));
		return;
	}
	json_decref(telemetry->rows);
	telemetry->rows = json_incref(rows);
	telemetry->next_row = 0;
	/* a connection lost meanwhile moved the window back: these rows are then not the next ones */
	if (telemetry->stale) {
		telemetry->stale = false;
		json_decref(telemetry->rows);
		telemetry->rows = NULL;
		telemetry->more = true;
	}
	pump(telemetry);
}

static void fetch(Telemetry *telemetry)
{
	json_auto_t *arguments =
		json_pack("{s:I, s:i}", "after", (json_int_t)telemetry->outbox.newest, "limit", FETCH_ROWS);

	if (!arguments || telemetry->fetching)
		return;
	telemetry->more = false;
	if (ledger_lookup(telemetry->ledger, "outbox", arguments, rows_fetched, telemetry) == 0)
		telemetry->fetching = true;
	else
		telemetry->more = true;
}

/** False when the client takes no more. */
static bool send_row(Telemetry *telemetry, const json_t *row)
{
	uint64_t seq = (uint64_t)json_integer_value(json_object_get(row, "seq"));
	_cleanup_(freep) char *message = message_of_record(telemetry->config, row);
	char topic[TOPIC_MAX];
	int id;

	if (!message)
		return false;
	if (!topic_of_record(telemetry->config, row, topic))
		return true;
	if (mqtt_client_publish(telemetry->client, topic, message, 1, false, 0, &id) < 0)
		return false;
	outbox_sent(&telemetry->outbox, seq, id);
	return true;
}

static void pump(Telemetry *telemetry)
{
	while (mqtt_client_connected(telemetry->client) && outbox_has_room(&telemetry->outbox) &&
		telemetry->next_row < json_array_size(telemetry->rows)) {
		if (!send_row(telemetry, json_array_get(telemetry->rows, telemetry->next_row)))
			return;
		telemetry->next_row++;
	}
	if (telemetry->next_row < json_array_size(telemetry->rows) ||
		!mqtt_client_connected(telemetry->client))
		return;
	/* a full fetch may have left some behind */
	if (telemetry->more || json_array_size(telemetry->rows) == FETCH_ROWS)
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

/* ---- the retained state and the live stream ---- */

static void publish_state(Telemetry *telemetry)
{
	_cleanup_(freep) char *message =
		message_of_state(telemetry->config, station_view(telemetry->station), !telemetry->closing);
	char topic[TOPIC_MAX];

	if (!message || !mqtt_client_connected(telemetry->client))
		return;
	topic_make(telemetry->config, "state", topic);
	(void)!mqtt_client_publish(telemetry->client, topic, message, 1, true, 0, NULL);
}

static void publish_live(Telemetry *telemetry)
{
	const StationView *view = station_view(telemetry->station);
	_cleanup_(freep) char *message = NULL;
	char topic[TOPIC_MAX];

	if (view->session == 0)
		return;
	if (!mqtt_client_connected(telemetry->client) || mqtt_client_congested(telemetry->client)) {
		telemetry->dropped++;
		return;
	}
	message = message_of_telemetry(telemetry->config, view);
	if (!message)
		return;
	topic_make(telemetry->config, "telemetry", topic);
	(void)!mqtt_client_publish(
		telemetry->client, topic, message, 0, false, telemetry->config->telemetry_expiry_s, NULL);
}

/* ---- events ---- */

static void on_connected(void *userdata)
{
	Telemetry *telemetry = userdata;

	publish_state(telemetry);
	telemetry->more = true;
	pump(telemetry);
}

static void on_disconnected(void *userdata)
{
	Telemetry *telemetry = userdata;

	outbox_restart(&telemetry->outbox);
	json_decref(telemetry->rows);
	telemetry->rows = NULL;
	telemetry->next_row = 0;
	telemetry->stale = telemetry->fetching;
}

static void on_acknowledged(void *userdata, int message)
{
	Telemetry *telemetry = userdata;

	if (telemetry->closing)
		return;
	if (outbox_acknowledged(&telemetry->outbox, message))
		pump(telemetry);
	/* written with the next commit anyway: no reason to make one for each message */
	if (clock_monotonic_us() - telemetry->kept_us > CURSOR_US)
		keep_cursor(telemetry);
}

static void on_changed(void *userdata, unsigned changes)
{
	Telemetry *telemetry = userdata;

	if (changes & (STATION_CHANGED_STATE | STATION_CHANGED_OPERATOR | STATION_CHANGED_ZONE))
		publish_state(telemetry);
	if (changes & STATION_CHANGED_RECORDS) {
		telemetry->more = true;
		pump(telemetry);
	}
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	Telemetry *telemetry = userdata;

	publish_live(telemetry);
	if (telemetry->outbox.n == 0 || clock_monotonic_us() - telemetry->kept_us > CURSOR_US)
		keep_cursor(telemetry);
	pump(telemetry);
	return sd_event_source_set_time_relative(source, telemetry->config->telemetry_ms * 1000ULL);
}

/* ---- life ---- */

int telemetry_new(sd_event *event, const Config *config, Station *station, Ledger *ledger, uint64_t published,
	Telemetry **ret)
{
	_cleanup_(telemetry_freep) Telemetry *telemetry = calloc(1, sizeof *telemetry);
	_cleanup_(freep) char *will = NULL;
	MqttHandler handler = { on_connected, on_disconnected, on_acknowledged, telemetry };
	StationObserver observer = { .changed = on_changed, .userdata = telemetry };
	char topic[TOPIC_MAX];
	int r;

	if (!telemetry)
		return -ENOMEM;
	telemetry->config = config;
	telemetry->station = station;
	telemetry->ledger = ledger;
	telemetry->kept_cursor = published;
	outbox_init(&telemetry->outbox, config->mqtt_in_flight, published);
	will = message_of_state(config, station_view(station), false);
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
		publish_state(telemetry);
	mqtt_client_free(telemetry->client);
	keep_cursor(telemetry);
	sd_event_source_disable_unref(telemetry->timer);
	json_decref(telemetry->rows);
	free(telemetry);
	return NULL;
}

void telemetry_status(const Telemetry *telemetry, TelemetryStatus *ret)
{
	*ret = (TelemetryStatus){
		.enabled = true,
		.connected = mqtt_client_connected(telemetry->client),
		.published = telemetry->outbox.cursor,
		.newest = telemetry->outbox.newest,
		.dropped = telemetry->dropped,
	};
	snprintf(ret->text, sizeof ret->text, "%s", mqtt_client_text(telemetry->client));
}
