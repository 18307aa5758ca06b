/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Keeps the connection to the broker and publishes over it. It must never wait in the event loop, and
 * subscribes to nothing.
 */

#include "mqtt-client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include "mqtt-connection.h"
#include "util/clock.h"
#include "util/digest.h"
#include "util/log.h"

enum {
	RETRY_FIRST_S = 1,
	RETRY_LAST_S = 60,
	STEADY_S = 10, /* a connection that lived this long was a good one */
	CONNACK_WAIT_S = 10,
	MISC_US = USEC_PER_SEC / 4,
	NAME_TAKEN_US = 600 * USEC_PER_SEC,
	CLOSED_OFTEN = 3, /* within CLOSED_US: as when two take the connection from one another */
	CLOSED_US = 120 * USEC_PER_SEC,
};

struct MqttClient {
	sd_event *event;
	const Config *config;
	MqttHandler handler;
	char *will_topic, *will;
	MqttConnection *connection; /* NULL while waiting for the next attempt */
	sd_event_source *attempt;   /* the connection is its thread's */
	sd_event_source *socket;    /* the connection is ours */
	sd_event_source *timer;
	bool connected; /* CONNACK was good */
	bool refused;   /* by a reason code, kept in `reason`: the connection ends after this callback */
	bool lost_logged, refusal_logged;
	bool holding, corked; /* see mqtt_client_hold() */
	unsigned held;        /* published since then */
	uint32_t limit;
	Validity own, brokers;           /* as the last connections saw them */
	int64_t taken_over_us;           /* 0: never */
	int64_t closed_us[CLOSED_OFTEN]; /* when the broker closed good connections without a word; a ring */
	size_t next_closed;
	mosquitto_property *properties; /* of what is JSON */
	unsigned retry_s;
	int64_t retry_at_us, connack_by_us, connected_us;
	char reason[MQTT_REASON_MAX];
	char text[MQTT_REASON_MAX + 128];
};

/* ---- losing, and trying again ---- */

static void schedule_retry(MqttClient *client)
{
	uint32_t jitter = 0;
	int64_t wait_us = (int64_t)client->retry_s * USEC_PER_SEC;

	/* up to half as long again, so that a clinic's stations do not all come back in the same instant */
	(void)!random_bytes(&jitter, sizeof jitter);
	client->retry_at_us = clock_monotonic_us() + wait_us + jitter % (wait_us / 2);
	client->retry_s = client->retry_s * 2 > RETRY_LAST_S ? RETRY_LAST_S : client->retry_s * 2;
}

/** Once for each outage, and once more when it turns out that a person has to put something right. */
static void log_lost(MqttClient *client)
{
	if (!client->lost_logged)
		log_line(LOG_WARNING, LOG_ID_BROKER_LOST, "%s; nothing is lost, the records are kept",
			client->text);
	else if (client->refused && !client->refusal_logged)
		log_warning("%s", client->text);
	client->lost_logged = true;
	client->refusal_logged = client->refusal_logged || client->refused;
}

static void note_certificates(MqttClient *client)
{
	client->own = client->connection->own;
	if (client->connection->seen.validity.until)
		client->brokers = client->connection->seen.validity;
}

static void drop_mqtt_connection(MqttClient *client)
{
	client->socket = sd_event_source_disable_unref(client->socket);
	if (client->connection && !client->attempt)
		note_certificates(client);
	client->attempt = sd_event_source_disable_unref(client->attempt);
	client->connection = mqtt_connection_free(client->connection);
	client->connected = client->corked = false;
	client->connack_by_us = 0;
	client->limit = 0;
}

/** The connection is over, or could not be made, for `client->reason`. Not from a library's callback. */
static void lose_broker(MqttClient *client)
{
	bool was = client->connected;

	/* a broker that lets us in and throws us out again is not to be asked each second */
	if (was && !client->refused && clock_monotonic_us() - client->connected_us > STEADY_S * USEC_PER_SEC)
		client->retry_s = RETRY_FIRST_S;
	drop_mqtt_connection(client);
	schedule_retry(client);
	snprintf(client->text, sizeof client->text, "broker %.100s: %s; trying again",
		client->config->mqtt_host, client->reason);
	log_lost(client);
	client->refused = false;
	if (was)
		client->handler.disconnected(client->handler.userdata);
}

/** Many brokers do not say that another client with the same id has come: they close, and let us in again. */
static void note_closed(MqttClient *client)
{
	int64_t now = clock_monotonic_us(), oldest;

	client->closed_us[client->next_closed] = now;
	client->next_closed = (client->next_closed + 1) % CLOSED_OFTEN;
	oldest = client->closed_us[client->next_closed];
	if (oldest && now - oldest < CLOSED_US)
		client->taken_over_us = now;
}

static void lost_by(MqttClient *client, int result, int error)
{
	if (!client->refused && client->connected && result == MOSQ_ERR_CONN_LOST)
		note_closed(client);
	if (!client->refused)
		mqtt_connection_describe(
			client->connection, client->config, result, error, client->connected, client->reason);
	lose_broker(client);
}

/* ---- the socket ---- */

static void update_events(MqttClient *client)
{
	uint32_t events = EPOLLIN;

	if (!client->socket)
		return;
	if (mosquitto_want_write(client->connection->mosq))
		events |= EPOLLOUT;
	(void)!sd_event_source_set_io_events(client->socket, events);
}

/** After each call that may have found the connection dead. */
static void check_mosquitto(MqttClient *client, int result)
{
	int error = errno;

	if (result != MOSQ_ERR_SUCCESS || client->refused)
		lost_by(client, result, error);
	else if (mosquitto_socket(client->connection->mosq) < 0)
		lost_by(client, MOSQ_ERR_CONN_LOST, 0);
	else
		update_events(client);
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	MqttClient *client = userdata;
	struct mosquitto *mosq = client->connection->mosq;
	int result = MOSQ_ERR_SUCCESS;

	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		result = mosquitto_loop_read(mosq, 1);
	if (result == MOSQ_ERR_SUCCESS && client->connected && !client->refused)
		client->handler.served(client->handler.userdata);
	/* what callbacks published was queued by the library: now, not after another round of the loop */
	if (result == MOSQ_ERR_SUCCESS && client->socket && mosquitto_want_write(mosq))
		result = mosquitto_loop_write(mosq, 1);
	check_mosquitto(client, result);
	return 0;
}

/* ---- what libmosquitto reports, on the main thread, from the loop functions ---- */

static MqttClient *client_of(void *userdata)
{
	MqttConnection *connection = userdata;

	return connection->userdata;
}

static void on_connect(
	struct mosquitto *mosq, void *userdata, int code, int flags, const mosquitto_property *properties)
{
	MqttClient *client = client_of(userdata);

	client->connack_by_us = 0;
	if (code != 0) {
		client->refused = true;
		mqtt_refusal_describe(client->config, code, client->reason);
		return;
	}
	/* its words are for a connection that fails; from here on the library would write a line for each
	 * packet */
	mosquitto_log_callback_set(mosq, NULL);
	client->limit = 0;
	(void)mosquitto_property_read_int32(properties, MQTT_PROP_MAXIMUM_PACKET_SIZE, &client->limit, false);
	certificate_note(mosquitto_ssl_get(mosq), &client->connection->seen);
	note_certificates(client);
	client->connected = true;
	client->connected_us = clock_monotonic_us();
	snprintf(client->text, sizeof client->text, "connected to %.120s", client->config->mqtt_host);
	client->handler.connected(client->handler.userdata);
}

/** Regained is what lets messages through: a broker may accept the station and refuse all it says. */
static void log_regained(MqttClient *client)
{
	if (client->lost_logged)
		log_notice("%s", client->text);
	client->lost_logged = client->refusal_logged = false;
}

static void on_publish(
	struct mosquitto *mosq, void *userdata, int message, int code, const mosquitto_property *properties)
{
	MqttClient *client = client_of(userdata);

	switch (code) {
	case MQTT_RC_TOPIC_NAME_INVALID:
	case MQTT_RC_PACKET_TOO_LARGE:
	case MQTT_RC_PAYLOAD_FORMAT_INVALID:
		/* for what it is: it would be refused again, and hold up all that come after it */
		client->handler.acknowledged(client->handler.userdata, message, code);
		return;
	default:
		if (code < MQTT_RC_UNSPECIFIED) {
			log_regained(client);
			client->handler.acknowledged(client->handler.userdata, message, 0);
			return;
		}
		if (client->handler.tolerates(client->handler.userdata, message)) {
			client->handler.acknowledged(client->handler.userdata, message, code);
			return;
		}
		/* for who we are, or for now: a person or time can mend that, and the record still wants to
		 * go */
		client->refused = true;
		mqtt_refusal_describe(client->config, code, client->reason);
	}
}

static void on_disconnect(
	struct mosquitto *mosq, void *userdata, int code, const mosquitto_property *properties)
{
	MqttClient *client = client_of(userdata);

	/* below are the library's own results, which the loop functions return as well */
	if (code < MQTT_RC_UNSPECIFIED || client->refused)
		return;
	client->refused = code != MQTT_RC_SERVER_SHUTTING_DOWN;
	if (code == MQTT_RC_SESSION_TAKEN_OVER)
		client->taken_over_us = clock_monotonic_us();
	mqtt_refusal_describe(client->config, code, client->reason);
}

/* ---- connecting ---- */

static int take_socket(MqttClient *client)
{
	struct mosquitto *mosq = client->connection->mosq;

	mosquitto_connect_v5_callback_set(mosq, on_connect);
	mosquitto_publish_v5_callback_set(mosq, on_publish);
	mosquitto_disconnect_v5_callback_set(mosq, on_disconnect);
	return sd_event_add_io(
		client->event, &client->socket, mosquitto_socket(mosq), EPOLLIN, on_socket, client);
}

static int on_attempted(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	MqttClient *client = userdata;
	MqttConnection *connection = client->connection;
	uint64_t count;

	(void)!read(fd, &count, sizeof count);
	client->attempt = sd_event_source_disable_unref(client->attempt);
	if (connection->result != MOSQ_ERR_SUCCESS) {
		lost_by(client, connection->result, connection->error);
		return 0;
	}
	if (take_socket(client) < 0) {
		lost_by(client, MOSQ_ERR_NOMEM, 0);
		return 0;
	}
	client->connack_by_us = clock_monotonic_us() + CONNACK_WAIT_S * USEC_PER_SEC;
	update_events(client);
	return 0;
}

static void start_attempt(MqttClient *client)
{
	int r;

	client->retry_at_us = 0;
	r = mqtt_connection_new(client->config, client->will_topic, client->will, client, &client->connection,
		client->reason);
	if (r < 0) {
		/* that is for a person: without its credentials the station goes on and says so */
		client->refused = true;
		lose_broker(client);
		return;
	}
	r = sd_event_add_io(
		client->event, &client->attempt, client->connection->done_fd, EPOLLIN, on_attempted, client);
	if (r >= 0)
		r = mqtt_connection_start(client->connection);
	if (r < 0) {
		snprintf(client->reason, sizeof client->reason, "no attempt could be made: %s", strerror(-r));
		lose_broker(client);
	}
}

static int on_mqtt_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	MqttClient *client = userdata;

	if (client->socket)
		check_mosquitto(client, mosquitto_loop_misc(client->connection->mosq));
	if (client->connack_by_us && clock_monotonic_us() > client->connack_by_us) {
		snprintf(client->reason, sizeof client->reason,
			"it accepts the connection but does not answer: check [mqtt] port and tls, and the broker");
		lose_broker(client);
	}
	if (client->retry_at_us && clock_monotonic_us() >= client->retry_at_us)
		start_attempt(client);
	return sd_event_source_set_time_relative(source, MISC_US);
}

/* ---- life ---- */

int mqtt_client_new(sd_event *event, const Config *config, const char *will_topic, const char *will,
	const MqttHandler *handler, MqttClient **ret)
{
	_cleanup_(mqtt_client_freep) MqttClient *client = calloc(1, sizeof *client);
	int r;

	if (!client)
		return -ENOMEM;
	mosquitto_lib_init();
	client->event = sd_event_ref(event);
	client->config = config;
	client->handler = *handler;
	client->retry_s = RETRY_FIRST_S;
	snprintf(client->text, sizeof client->text, "broker %.100s: connecting", config->mqtt_host);
	client->will_topic = strdup(will_topic);
	client->will = strdup(will);
	client->properties = mqtt_json_properties();
	if (!client->will_topic || !client->will || !client->properties)
		return -ENOMEM;
	r = sd_event_add_time_relative(
		event, &client->timer, CLOCK_MONOTONIC, MISC_US, MISC_US / 2, on_mqtt_timer, client);
	if (r >= 0)
		r = sd_event_source_set_enabled(client->timer, SD_EVENT_ON);
	if (r < 0)
		return r;
	start_attempt(client);
	*ret = TAKE_PTR(client);
	return 0;
}

MqttClient *mqtt_client_free(MqttClient *client)
{
	bool attempting;

	if (!client)
		return NULL;
	attempting = client->attempt != NULL;
	if (client->connected) {
		mosquitto_disconnect(client->connection->mosq);
		(void)!mosquitto_loop_write(client->connection->mosq, 1);
	}
	drop_mqtt_connection(client);
	sd_event_source_disable_unref(client->timer);
	mosquitto_property_free_all(&client->properties);
	/* a thread that is left behind in its connect call still uses the library */
	if (!attempting)
		mosquitto_lib_cleanup();
	free(client->will_topic);
	free(client->will);
	sd_event_unref(client->event);
	free(client);
	return NULL;
}

static void cork(MqttClient *client, bool on)
{
	int value = on;

	if (client->corked == on || !client->connection || client->config->mqtt_host[0] == '/')
		return;
	client->corked = on;
	(void)setsockopt(
		mosquitto_socket(client->connection->mosq), IPPROTO_TCP, TCP_CORK, &value, sizeof value);
}

void mqtt_client_hold(MqttClient *client)
{
	client->holding = true;
	client->held = 0;
}

void mqtt_client_release(MqttClient *client)
{
	client->holding = false;
	cork(client, false);
	if (client->held > 0)
		update_events(client);
}

/**
 * The bytes of a PUBLISH with our properties (MQTT v5, 3.3). Libraries count for themselves; some versions
 * end the program when it is too many.
 */
static size_t packet_size(const char *topic, const char *payload, int qos, bool expires)
{
	size_t content = 0, remaining;

	if (payload[0])
		content = 2 + 3 + strlen(MQTT_CONTENT_TYPE) + (expires ? 5 : 0);
	remaining = 2 + strlen(topic) + (qos > 0 ? 2 : 0) + 1 + content + strlen(payload);
	return 1 +
	       (remaining < 1 << 7           ? 1
		       : remaining < 1 << 14 ? 2
		       : remaining < 1 << 21 ? 3
					     : 4) +
	       remaining;
}

int mqtt_client_publish(MqttClient *client, const char *topic, const char *payload, int qos, bool retain,
	unsigned expiry_s, int *ret_message)
{
	mosquitto_property *properties = NULL;
	int r;

	if (!client->connected)
		return -ENOTCONN;
	if (client->limit && packet_size(topic, payload, qos, expiry_s > 0) > client->limit)
		return -EMSGSIZE;
	if (expiry_s && (mosquitto_property_copy_all(&properties, client->properties) != MOSQ_ERR_SUCCESS ||
				mosquitto_property_add_int32(&properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL,
					expiry_s) != MOSQ_ERR_SUCCESS))
		return -ENOMEM;
	if (client->holding && client->held++ == 1)
		cork(client, true);
	r = mosquitto_publish_v5(client->connection->mosq, ret_message, topic, (int)strlen(payload), payload,
		qos, retain,
		!payload[0]  ? NULL
		: properties ? properties
			     : client->properties);
	mosquitto_property_free_all(&properties);
	if (!client->holding)
		update_events(client);
	return r == MOSQ_ERR_SUCCESS                                         ? 0
	       : r == MOSQ_ERR_NOMEM                                         ? -ENOMEM
	       : r == MOSQ_ERR_INVAL                                         ? -EINVAL
	       : r == MOSQ_ERR_OVERSIZE_PACKET || r == MOSQ_ERR_PAYLOAD_SIZE ? -EMSGSIZE
									     : -ENOTCONN;
}

uint32_t mqtt_client_limit(const MqttClient *client)
{
	return client->limit;
}

bool mqtt_client_name_taken(const MqttClient *client)
{
	return client->taken_over_us && clock_monotonic_us() - client->taken_over_us < NAME_TAKEN_US;
}

const char *mqtt_client_certificate(const MqttClient *client, char ret[MQTT_CERTIFICATE_MAX])
{
	int64_t now_s = (int64_t)time(NULL);
	char day[16];

	ret[0] = '\0';
	if (validity_ends_soon(&client->own, now_s)) {
		validity_last_day(&client->own, day);
		snprintf(ret, MQTT_CERTIFICATE_MAX, "the certificate %.150s ends on %s",
			client->config->mqtt_cert_file, day);
	} else if (validity_ends_soon(&client->brokers, now_s)) {
		validity_last_day(&client->brokers, day);
		snprintf(ret, MQTT_CERTIFICATE_MAX, "the broker's certificate ends on %s", day);
	}
	return ret;
}

const char *mqtt_client_reason(int code)
{
	return mosquitto_reason_string(code);
}

bool mqtt_client_connected(const MqttClient *client)
{
	return client->connected;
}

bool mqtt_client_congested(const MqttClient *client)
{
	return client->connected && mosquitto_want_write(client->connection->mosq);
}

const char *mqtt_client_text(const MqttClient *client)
{
	return client->text;
}
