/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The durable outbox, from the ledger to the broker's acknowledgement, beside bare libmosquitto in a loop of
 * its own that publishes the same messages, with the same properties, to the same broker with as many in
 * flight.
 */

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include <mosquitto.h>
#include <mqtt_protocol.h>
#include <systemd/sd-event.h>

#include "bench.h"
#include "feed.h"
#include "ledger/ledger.h"
#include "broker.h"
#include "mqtt-connection.h"

enum { ROUNDS = 15, ROUND = 10000, RECORDS = ROUNDS * ROUND + 5000, IN_FLIGHT = 20 };

/* ---- bare libmosquitto ---- */

typedef struct Bare {
	int sent, acknowledged;
	bool connected;
	char payload[1024];
	mosquitto_property *properties;
} Bare;

static void bare_connected(
	struct mosquitto *mosq, void *userdata, int reason, int flags, const mosquitto_property *properties)
{
	if (reason != 0)
		bench_fail("the broker refuses: %s", mosquitto_reason_string(reason));
	((Bare *)userdata)->connected = true;
}

static void bare_published(
	struct mosquitto *mosq, void *userdata, int message, int reason, const mosquitto_property *properties)
{
	((Bare *)userdata)->acknowledged++;
}

static void bare_pump(struct mosquitto *mosq, Bare *bare)
{
	while (bare->connected && bare->sent < ROUND && bare->sent - bare->acknowledged < IN_FLIGHT) {
		if (mosquitto_publish_v5(mosq, NULL, "stipple/v1/clinic/bare/session",
			    (int)strlen(bare->payload), bare->payload, 1, false,
			    bare->properties) != MOSQ_ERR_SUCCESS)
			bench_fail("libmosquitto publishes nothing");
		bare->sent++;
	}
}

static void bare_turn(struct mosquitto *mosq)
{
	struct pollfd fd = { .fd = mosquitto_socket(mosq), .events = POLLIN };
	int r = MOSQ_ERR_SUCCESS;

	if (mosquitto_want_write(mosq))
		fd.events |= POLLOUT;
	(void)poll(&fd, 1, 1000);
	if (fd.revents & (POLLIN | POLLHUP | POLLERR))
		r = mosquitto_loop_read(mosq, 1);
	if (r == MOSQ_ERR_SUCCESS && (fd.revents & POLLOUT))
		r = mosquitto_loop_write(mosq, 1);
	if (r == MOSQ_ERR_SUCCESS)
		r = mosquitto_loop_misc(mosq);
	if (r != MOSQ_ERR_SUCCESS)
		bench_fail("libmosquitto: %s", mosquitto_strerror(r));
}

static double measure_bare(const char *host, int port, const char *payload)
{
	Bare bare = { 0 };
	struct mosquitto *mosq = mosquitto_new("bare", true, &bare);
	int64_t started;
	double rate;

	if (!mosq)
		bench_fail("no memory for libmosquitto");
	snprintf(bare.payload, sizeof bare.payload, "%s", payload);
	bare.properties = mqtt_json_properties();
	if (!bare.properties)
		bench_fail("no memory for properties");
	mosquitto_int_option(mosq, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
	mosquitto_int_option(mosq, MOSQ_OPT_TCP_NODELAY, 1);
	mosquitto_int_option(mosq, MOSQ_OPT_SEND_MAXIMUM, 65535);
	mosquitto_connect_v5_callback_set(mosq, bare_connected);
	mosquitto_publish_v5_callback_set(mosq, bare_published);
	if (mosquitto_connect_bind_v5(mosq, host, port, 30, NULL, NULL) != MOSQ_ERR_SUCCESS)
		bench_fail("no broker at %s", host);
	while (!bare.connected)
		bare_turn(mosq);
	started = bench_now_ns();
	while (bare.acknowledged < ROUND) {
		bare_pump(mosq, &bare);
		bare_turn(mosq);
	}
	rate = ROUND / ((double)(bench_now_ns() - started) / 1e9);
	mosquitto_disconnect(mosq);
	mosquitto_destroy(mosq);
	mosquitto_property_free_all(&bare.properties);
	return rate;
}

/* ---- the outbox ---- */

typedef struct Side {
	sd_event *event;
	Config *config;
	Ledger *ledger;
	LedgerInfo info;
	int answered;
	Broker *broker;
	Feed *feed;
} Side;

static void count_answer(void *userdata, const LedgerAnswer *answer)
{
	bench_check(answer->error, answer->text);
	((Side *)userdata)->answered++;
}

static int serve_ledger(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	ledger_dispatch(((Side *)userdata)->ledger);
	return 0;
}

static void fill_ledger(Side *side)
{
	for (int sent = 0; side->answered < RECORDS;) {
		for (; sent < RECORDS && sent - side->answered < 2000; sent++) {
			json_auto_t *body = json_pack("{s:i, s:s, s:s, s:s}", "session", 1, "from", "ready",
				"to", "working", "event", "pedal-down");
			LedgerRecord record = { .kind = "session.state", .actor = "b1001", .body = body };

			bench_check(ledger_append(side->ledger, &record, count_answer, side), "a record");
		}
		bench_check(sd_event_run(side->event, UINT64_MAX), "the loop");
	}
}

static void open_side(Side *side, const char *folder, const char *host, int port)
{
	char path[4096], text[8192];
	Error error = { 0 };
	Error why;
	int length = snprintf(text, sizeof text,
		"[paths]\nstate_folder = %s\n[camera]\nplugin = none\n[mqtt]\ntls = no\nhost = %s\nport = %d\n"
		"in_flight = %d\n",
		folder, host, port, IN_FLIGHT);

	snprintf(path, sizeof path, "%s/ledger.db", folder);
	if (config_parse(text, (size_t)length, "bench", &side->config, &error) < 0)
		bench_fail("%s", error.text);
	bench_check(sd_event_default(&side->event), "the loop");
	if (ledger_open(&(LedgerOptions){ .path = path, .station = "clinic/station", .clock = &clock_system },
		    &side->ledger, &side->info, &why) < 0)
		bench_fail("%s", why.text);
	bench_check(sd_event_add_io(side->event, NULL, ledger_fd(side->ledger), EPOLLIN, serve_ledger, side),
		"the ledger");
	fill_ledger(side);
}

/* what stipple-telemetryd does with the broker's answers, without the retained messages */

static void on_connected(void *userdata)
{
	Side *side = userdata;

	feed_connected(side->feed);
	feed_pump(side->feed);
}

static void on_disconnected(void *userdata)
{
	bench_fail("the broker went away");
}

static void on_acknowledged(void *userdata, int message, int code)
{
	(void)feed_acknowledged(((Side *)userdata)->feed, message, code);
}

static bool on_tolerates(void *userdata, int message)
{
	return false;
}

static void on_served(void *userdata)
{
	feed_served(((Side *)userdata)->feed);
}

static void start_feed(Side *side, const char *folder)
{
	BrokerHandler handler = { on_connected, on_disconnected, on_acknowledged, on_tolerates, on_served,
		side };

	bench_check(broker_new(side->event, side->config, "stipple/v1/clinic/station/state", "{}", &handler,
			    &side->broker),
		"the broker");
	bench_check(feed_new(side->config, folder, side->broker, &side->feed), "the feed");
	feed_set_serving(side->feed, true);
}

/** Serves the loop until `n` more are acknowledged. Between two rounds the connection only waits. */
static double measure_outbox(Side *side, uint64_t n)
{
	FeedStatus status = { 0 };
	int64_t started = bench_now_ns();
	uint64_t first;

	feed_status(side->feed, &status);
	for (first = status.cursor; status.cursor < first + n;) {
		bench_check(sd_event_run(side->event, UINT64_MAX), "the loop");
		feed_status(side->feed, &status);
	}
	return (double)(status.cursor - first) / ((double)(bench_now_ns() - started) / 1e9);
}

int main(int argc, char **argv)
{
	Side side = { 0 };
	double ours = 0, theirs = 0;
	const char *host = argc == 4 ? argv[2] : "";
	int port = argc == 4 ? (int)strtol(argv[3], NULL, 10) : 0;
	static const char payload[] =
		"{\"body\":{\"event\":\"pedal-down\",\"from\":\"ready\",\"session\":1,\"to\":\"working\"},\"id\":"
		"\"clinic/station/12345\",\"kind\":\"session.state\",\"seq\":12345,\"utc\":\"2026-03-02T10:15:00.000000Z\"}";

	if (argc != 4)
		bench_fail(
			"Usage: %s FOLDER HOST PORT\n\nRun by script/bench, with a broker at HOST.", argv[0]);
	mosquitto_lib_init();
	open_side(&side, argv[1], host, port);
	start_feed(&side, argv[1]);
	(void)measure_outbox(&side, 1000); /* the connection stands */
	for (int i = 0; i < ROUNDS; i++) {
		double a = measure_outbox(&side, ROUND), b = measure_bare(host, port, payload);

		ours = a > ours ? a : ours;
		theirs = b > theirs ? b : theirs;
	}
	bench_report(&(BenchFigure){ .bench = "mqtt",
		.figure = host[0] == '/' ? "outbox to acknowledgement, Unix socket"
					 : "outbox to acknowledgement, TCP",
		.unit = "1/s",
		.value = ours,
		.raw = theirs,
		.ratio_min = 0.9 });
	feed_free(side.feed);
	broker_free(side.broker);
	ledger_free(side.ledger);
	config_free(side.config);
	sd_event_unref(side.event);
	mosquitto_lib_cleanup();
	return 0;
}
