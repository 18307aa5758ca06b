/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Keeps the connection to the broker: connects, notices a loss, and tries again. It must never wait in the
 * event loop, and must subscribe to nothing.
 */

#include "broker-private.h"

#include <string.h>
#include <sys/epoll.h>
#include <time.h>

#include <mqtt_protocol.h>

#include "util/clock.h"
#include "util/digest.h"
#include "util/log.h"

enum {
	RETRY_FIRST_S = 1,
	RETRY_LAST_S = 60,
	STEADY_S = 10, /* a connection that lasted this long counts as stable */
	CONNACK_WAIT_S = 10,
	MISC_US = USEC_PER_SEC / 4,
	NAME_TAKEN_US = 600 * USEC_PER_SEC,
	CLOSED_US = 120 * USEC_PER_SEC,
};

/* ---- losing the connection, and trying again ---- */

static void schedule_retry(Broker *broker)
{
	uint32_t jitter = 0;
	int64_t wait_us = (int64_t)broker->retry_s * USEC_PER_SEC;

	/* up to half as long again, so that a clinic's stations do not all reconnect at the same instant */
	(void)!random_bytes(&jitter, sizeof jitter);
	broker->retry_at_us = clock_monotonic_us() + wait_us + jitter % (wait_us / 2);
	broker->retry_s = broker->retry_s * 2 > RETRY_LAST_S ? RETRY_LAST_S : broker->retry_s * 2;
}

/** Logs each outage once, and once more when it turns out that a person has to put something right. */
static void log_lost(Broker *broker)
{
	if (!broker->lost_logged)
		log_line(LOG_WARNING, LOG_ID_BROKER_LOST, "%s; nothing is lost, the records are kept",
			broker->text);
	else if (broker->refused && !broker->refusal_logged)
		log_warning("%s", broker->text);
	broker->lost_logged = true;
	broker->refusal_logged = broker->refusal_logged || broker->refused;
}

static void note_certificates(Broker *broker)
{
	broker->own = broker->connection->own;
	if (broker->connection->seen.validity.until)
		broker->brokers = broker->connection->seen.validity;
}

static void drop_mqtt_connection(Broker *broker)
{
	broker->socket = sd_event_source_disable_unref(broker->socket);
	if (broker->connection && !broker->attempt)
		note_certificates(broker);
	broker->attempt = sd_event_source_disable_unref(broker->attempt);
	broker->connection = mqtt_connection_free(broker->connection);
	broker->connected = broker->corked = false;
	broker->connack_by_us = 0;
	broker->limit = 0;
}

/**
 * Ends a connection that was lost or could not be made, for `broker->reason`. Must not be called from a
 * callback of the library.
 */
static void lose_broker(Broker *broker)
{
	bool was = broker->connected;

	/*
	 * only a stable connection resets the wait: a broker may accept us and throw us out again each
	 * second
	 */
	if (was && !broker->refused && clock_monotonic_us() - broker->connected_us > STEADY_S * USEC_PER_SEC)
		broker->retry_s = RETRY_FIRST_S;
	drop_mqtt_connection(broker);
	schedule_retry(broker);
	snprintf(broker->text, sizeof broker->text, "broker %.100s: %s; trying again",
		broker->config->mqtt_host, broker->reason.text);
	log_lost(broker);
	broker->refused = false;
	if (was)
		broker->handler.disconnected(broker->handler.userdata);
}

/**
 * Notices another client with our id. Many brokers do not report it: they close the connection and then
 * accept us again.
 */
static void note_closed(Broker *broker)
{
	int64_t now = clock_monotonic_us(), oldest;

	broker->closed_us[broker->next_closed] = now;
	broker->next_closed = (broker->next_closed + 1) % CLOSED_OFTEN;
	oldest = broker->closed_us[broker->next_closed];
	if (oldest && now - oldest < CLOSED_US)
		broker->taken_over_us = now;
}

static void lost_by(Broker *broker, int result, int error)
{
	if (!broker->refused && broker->connected && result == MOSQ_ERR_CONN_LOST)
		note_closed(broker);
	if (!broker->refused)
		mqtt_connection_describe(broker->connection, broker->config, result, error, broker->connected,
			&broker->reason);
	lose_broker(broker);
}

/* ---- the socket ---- */

void broker_update_events(Broker *broker)
{
	uint32_t events = EPOLLIN;

	if (!broker->socket)
		return;
	if (mosquitto_want_write(broker->connection->mosq))
		events |= EPOLLOUT;
	(void)!sd_event_source_set_io_events(broker->socket, events);
}

/** Call this after every library call that may have found the connection dead. */
static void check_mosquitto(Broker *broker, int result)
{
	int error = errno;

	if (result != MOSQ_ERR_SUCCESS || broker->refused)
		lost_by(broker, result, error);
	else if (mosquitto_socket(broker->connection->mosq) < 0)
		lost_by(broker, MOSQ_ERR_CONN_LOST, 0);
	else
		broker_update_events(broker);
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	Broker *broker = userdata;
	struct mosquitto *mosq = broker->connection->mosq;
	int result = MOSQ_ERR_SUCCESS;

	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		result = mosquitto_loop_read(mosq, 1);
	if (result == MOSQ_ERR_SUCCESS && broker->connected && !broker->refused)
		broker->handler.served(broker->handler.userdata);
	/* the library queued what callbacks published: send it now, not in the next round of the loop */
	if (result == MOSQ_ERR_SUCCESS && broker->socket && mosquitto_want_write(mosq))
		result = mosquitto_loop_write(mosq, 1);
	check_mosquitto(broker, result);
	return 0;
}

/* ---- what libmosquitto reports, on the main thread, from the loop functions ---- */

static void on_connect(
	struct mosquitto *mosq, void *userdata, int code, int flags, const mosquitto_property *properties)
{
	Broker *broker = ((MqttConnection *)userdata)->userdata;

	broker->connack_by_us = 0;
	if (code != 0) {
		broker->refused = true;
		mqtt_refusal_describe(broker->config, code, &broker->reason);
		return;
	}
	/*
	 * the library's log is only needed for a connection that fails; from here on it would log every
	 * packet
	 */
	mosquitto_log_callback_set(mosq, NULL);
	broker->limit = 0;
	(void)mosquitto_property_read_int32(properties, MQTT_PROP_MAXIMUM_PACKET_SIZE, &broker->limit, false);
	certificate_note(mosquitto_ssl_get(mosq), &broker->connection->seen);
	note_certificates(broker);
	broker->connected = true;
	broker->connected_us = clock_monotonic_us();
	snprintf(broker->text, sizeof broker->text, "connected to %.120s", broker->config->mqtt_host);
	broker->handler.connected(broker->handler.userdata);
}

/**
 * The connection counts as regained once a message is accepted: a broker may accept the station and still
 * refuse all its messages.
 */
static void log_regained(Broker *broker)
{
	if (broker->lost_logged)
		log_notice("%s", broker->text);
	broker->lost_logged = broker->refusal_logged = false;
}

static void on_publish(
	struct mosquitto *mosq, void *userdata, int message, int code, const mosquitto_property *properties)
{
	Broker *broker = ((MqttConnection *)userdata)->userdata;

	switch (code) {
	case MQTT_RC_TOPIC_NAME_INVALID:
	case MQTT_RC_PACKET_TOO_LARGE:
	case MQTT_RC_PAYLOAD_FORMAT_INVALID:
		/* refused for its contents: it would be refused again, and would block all later messages */
		broker->handler.acknowledged(broker->handler.userdata, message, code);
		return;
	default:
		if (code < MQTT_RC_UNSPECIFIED) {
			log_regained(broker);
			broker->handler.acknowledged(broker->handler.userdata, message, 0);
			return;
		}
		if (broker->handler.tolerates(broker->handler.userdata, message)) {
			broker->handler.acknowledged(broker->handler.userdata, message, code);
			return;
		}
		/*
		 * refused for who we are, or for the moment: a person or time can change that, so the record
		 * stays queued
		 */
		broker->refused = true;
		mqtt_refusal_describe(broker->config, code, &broker->reason);
	}
}

static void on_disconnect(
	struct mosquitto *mosq, void *userdata, int code, const mosquitto_property *properties)
{
	Broker *broker = ((MqttConnection *)userdata)->userdata;

	/* below are the library's own results, which the loop functions return as well */
	if (code < MQTT_RC_UNSPECIFIED || broker->refused)
		return;
	broker->refused = code != MQTT_RC_SERVER_SHUTTING_DOWN;
	if (code == MQTT_RC_SESSION_TAKEN_OVER)
		broker->taken_over_us = clock_monotonic_us();
	mqtt_refusal_describe(broker->config, code, &broker->reason);
}

/* ---- connecting ---- */

static int take_socket(Broker *broker)
{
	struct mosquitto *mosq = broker->connection->mosq;

	mosquitto_connect_v5_callback_set(mosq, on_connect);
	mosquitto_publish_v5_callback_set(mosq, on_publish);
	mosquitto_disconnect_v5_callback_set(mosq, on_disconnect);
	return sd_event_add_io(
		broker->event, &broker->socket, mosquitto_socket(mosq), EPOLLIN, on_socket, broker);
}

static int on_attempted(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	Broker *broker = userdata;
	MqttConnection *connection = broker->connection;
	uint64_t count;

	(void)!read(fd, &count, sizeof count);
	broker->attempt = sd_event_source_disable_unref(broker->attempt);
	if (connection->result != MOSQ_ERR_SUCCESS) {
		lost_by(broker, connection->result, connection->error);
		return 0;
	}
	if (take_socket(broker) < 0) {
		lost_by(broker, MOSQ_ERR_NOMEM, 0);
		return 0;
	}
	broker->connack_by_us = clock_monotonic_us() + CONNACK_WAIT_S * USEC_PER_SEC;
	broker_update_events(broker);
	return 0;
}

static void start_attempt(Broker *broker)
{
	int r;

	broker->retry_at_us = 0;
	r = mqtt_connection_new(broker->config, broker->will_topic, broker->will, broker, &broker->connection,
		&broker->reason);
	if (r < 0) {
		/* a person must fix this: without its credentials the station goes on and reports it */
		broker->refused = true;
		lose_broker(broker);
		return;
	}
	if ((r = sd_event_add_io(broker->event, &broker->attempt, broker->connection->done_fd, EPOLLIN,
		     on_attempted, broker)) < 0 ||
		(r = mqtt_connection_start(broker->connection)) < 0) {
		error_set(&broker->reason, -ECONNABORTED, "no attempt could be made: %s", strerror(-r));
		lose_broker(broker);
	}
}

static int on_mqtt_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	Broker *broker = userdata;

	if (broker->socket)
		check_mosquitto(broker, mosquitto_loop_misc(broker->connection->mosq));
	if (broker->connack_by_us && clock_monotonic_us() > broker->connack_by_us) {
		error_set(&broker->reason, -ECONNABORTED,
			"it accepts the connection but does not answer: check [mqtt] port and tls, and the broker");
		lose_broker(broker);
	}
	if (broker->retry_at_us && clock_monotonic_us() >= broker->retry_at_us)
		start_attempt(broker);
	return sd_event_source_set_time_relative(source, MISC_US);
}

/* ---- life ---- */

int broker_new(sd_event *event, const Config *config, const char *will_topic, const char *will,
	const BrokerHandler *handler, Broker **ret)
{
	_cleanup_(broker_freep) Broker *broker = calloc(1, sizeof *broker);
	int r;

	if (!broker)
		return -ENOMEM;
	mosquitto_lib_init();
	broker->event = sd_event_ref(event);
	broker->config = config;
	broker->handler = *handler;
	broker->retry_s = RETRY_FIRST_S;
	snprintf(broker->text, sizeof broker->text, "broker %.100s: connecting", config->mqtt_host);
	broker->will_topic = strdup(will_topic);
	broker->will = strdup(will);
	broker->properties = mqtt_json_properties();
	if (!broker->will_topic || !broker->will || !broker->properties)
		return -ENOMEM;
	if ((r = sd_event_add_time_relative(event, &broker->timer, CLOCK_MONOTONIC, MISC_US, MISC_US / 2,
		     on_mqtt_timer, broker)) < 0 ||
		(r = sd_event_source_set_enabled(broker->timer, SD_EVENT_ON)) < 0)
		return r;
	start_attempt(broker);
	*ret = TAKE_PTR(broker);
	return 0;
}

Broker *broker_free(Broker *broker)
{
	bool attempting;

	if (!broker)
		return NULL;
	attempting = broker->attempt != NULL;
	if (broker->connected) {
		mosquitto_disconnect(broker->connection->mosq);
		(void)!mosquitto_loop_write(broker->connection->mosq, 1);
	}
	drop_mqtt_connection(broker);
	sd_event_source_disable_unref(broker->timer);
	mosquitto_property_free_all(&broker->properties);
	/* a thread that is still in its connect call still uses the library */
	if (!attempting)
		mosquitto_lib_cleanup();
	free(broker->will_topic);
	free(broker->will);
	sd_event_unref(broker->event);
	free(broker);
	return NULL;
}

bool broker_name_taken(const Broker *broker)
{
	return broker->taken_over_us && clock_monotonic_us() - broker->taken_over_us < NAME_TAKEN_US;
}

const char *broker_certificate(const Broker *broker, char ret[BROKER_CERTIFICATE_MAX])
{
	int64_t now_s = (int64_t)time(NULL);
	bool own = validity_ends_soon(&broker->own, now_s);
	char utc[CLOCK_UTC_TEXT_MAX];

	ret[0] = '\0';
	clock_format_utc((own ? broker->own : broker->brokers).until * USEC_PER_SEC, utc);
	if (own)
		snprintf(ret, BROKER_CERTIFICATE_MAX, "the certificate %.150s ends on %.10s",
			broker->config->mqtt_cert_file, utc);
	else if (validity_ends_soon(&broker->brokers, now_s))
		snprintf(ret, BROKER_CERTIFICATE_MAX, "the broker's certificate ends on %.10s", utc);
	return ret;
}

bool broker_connected(const Broker *broker)
{
	return broker->connected;
}

const char *broker_text(const Broker *broker)
{
	return broker->text;
}
