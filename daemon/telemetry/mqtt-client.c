/* SPDX-License-Identifier: Apache-2.0 */
#include "telemetry/mqtt-client.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdarg.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <mosquitto.h>
#include <mqtt_protocol.h>

#include "util/clock.h"
#include "util/digest.h"
#include "util/file.h"
#include "util/log.h"

enum {
	KEEPALIVE_S = 30,
	RETRY_FIRST_S = 1,
	RETRY_LAST_S = 60,
	MISC_US = USEC_PER_SEC,
	PASSWORD_MAX = 1024,
	CONNACK_WAIT_S = 10,
};

struct MqttClient {
	sd_event *event;
	const Config *config;
	MqttHandler handler;
	struct mosquitto *mosq;
	sd_event_source *socket, *timer, *attempt_source;
	pthread_t attempt_thread;
	bool attempting;    /* the thread has the library to itself */
	int attempt_fd;     /* readable when the thread is done */
	int attempt_result; /* of mosquitto_connect_bind_v5 */
	int attempt_errno;  /* with MOSQ_ERR_ERRNO */
	bool connected;     /* CONNACK was good */
	bool lost_logged;
	unsigned retry_s;
	int64_t retry_at_us, connack_by_us;
	char text[256];
};

static void say(MqttClient *client, const char *format, ...) _printf_(2, 3);

static void say(MqttClient *client, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(client->text, sizeof client->text, format, arguments);
	va_end(arguments);
}

/* ---- connecting ---- */

static void *attempt(void *userdata)
{
	MqttClient *client = userdata;
	const Config *config = client->config;
	bool local = config->mqtt_host[0] == '/';
	uint64_t one = 1;

	client->attempt_result = mosquitto_connect_bind_v5(
		client->mosq, config->mqtt_host, local ? 0 : (int)config->mqtt_port, KEEPALIVE_S, NULL, NULL);
	client->attempt_errno = errno;
	(void)!write(client->attempt_fd, &one, sizeof one);
	return NULL;
}

static void schedule_retry(MqttClient *client)
{
	uint32_t jitter = 0;
	int64_t wait_us = (int64_t)client->retry_s * USEC_PER_SEC;

	/* up to half as long again, so that a clinic's stations do not all come back in the same instant */
	(void)!random_bytes(&jitter, sizeof jitter);
	client->retry_at_us = clock_monotonic_us() + wait_us + jitter % (wait_us / 2);
	client->retry_s = client->retry_s * 2 > RETRY_LAST_S ? RETRY_LAST_S : client->retry_s * 2;
}

static void lost(MqttClient *client, const char *reason)
{
	bool was = client->connected;

	client->socket = sd_event_source_disable_unref(client->socket);
	client->connected = false;
	client->connack_by_us = 0;
	schedule_retry(client);
	say(client, "broker %.80s: %s; trying again", client->config->mqtt_host, reason);
	if (!client->lost_logged)
		log_line(LOG_WARNING, LOG_ID_BROKER_LOST, "%s; nothing is lost, the records are kept",
			client->text);
	client->lost_logged = true;
	if (was)
		client->handler.disconnected(client->handler.userdata);
}

static void start_attempt(MqttClient *client)
{
	client->retry_at_us = 0;
	if (pthread_create(&client->attempt_thread, NULL, attempt, client) == 0)
		client->attempting = true;
	else
		lost(client, "no thread could be started");
}

/* ---- the socket ---- */

static void update_events(MqttClient *client)
{
	uint32_t events = EPOLLIN;

	if (!client->socket)
		return;
	if (mosquitto_want_write(client->mosq))
		events |= EPOLLOUT;
	(void)!sd_event_source_set_io_events(client->socket, events);
}

static void check(MqttClient *client, int result)
{
	if (result == MOSQ_ERR_SUCCESS || !client->socket)
		update_events(client);
	else
		lost(client, result == MOSQ_ERR_CONN_LOST ? "the connection was closed"
							  : mosquitto_strerror(result));
}

static int on_socket(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	MqttClient *client = userdata;
	int result = MOSQ_ERR_SUCCESS;

	if (events & (EPOLLIN | EPOLLERR | EPOLLHUP))
		result = mosquitto_loop_read(client->mosq, 1);
	if (result == MOSQ_ERR_SUCCESS && (events & EPOLLOUT))
		result = mosquitto_loop_write(client->mosq, 1);
	check(client, result);
	return 0;
}

static int on_attempted(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	MqttClient *client = userdata;
	int one = 1, r;
	uint64_t count;

	(void)!read(client->attempt_fd, &count, sizeof count);
	pthread_join(client->attempt_thread, NULL);
	client->attempting = false;
	if (client->attempt_result != MOSQ_ERR_SUCCESS) {
		lost(client, client->attempt_result == MOSQ_ERR_ERRNO
				     ? strerror(client->attempt_errno)
				     : mosquitto_strerror(client->attempt_result));
		return 0;
	}
	/* small messages that should leave at once; meaningless, and refused, on a Unix socket */
	(void)setsockopt(mosquitto_socket(client->mosq), IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	r = sd_event_add_io(
		client->event, &client->socket, mosquitto_socket(client->mosq), EPOLLIN, on_socket, client);
	if (r < 0) {
		mosquitto_disconnect(client->mosq);
		lost(client, strerror(-r));
		return 0;
	}
	client->connack_by_us = clock_monotonic_us() + CONNACK_WAIT_S * USEC_PER_SEC;
	update_events(client);
	return 0;
}

static int on_timer(sd_event_source *source, uint64_t now, void *userdata)
{
	MqttClient *client = userdata;

	if (client->socket)
		check(client, mosquitto_loop_misc(client->mosq));
	if (client->socket && client->connack_by_us && clock_monotonic_us() > client->connack_by_us)
		lost(client, "it accepts the connection but does not answer");
	if (client->retry_at_us && !client->attempting && clock_monotonic_us() >= client->retry_at_us)
		start_attempt(client);
	return sd_event_source_set_time_relative(source, MISC_US / 4);
}

/* ---- what libmosquitto reports, on the main thread, from the loop functions ---- */

static void on_connect(
	struct mosquitto *mosq, void *userdata, int reason, int flags, const mosquitto_property *properties)
{
	MqttClient *client = userdata;

	client->connack_by_us = 0;
	if (reason != 0) {
		log_warning("broker %s refuses the station: %s; check user, password and certificate",
			client->config->mqtt_host, mosquitto_reason_string(reason));
		say(client, "broker %.80s refuses the station (%s): check user, password and certificate",
			client->config->mqtt_host, mosquitto_reason_string(reason));
		return;
	}
	client->connected = true;
	client->retry_s = RETRY_FIRST_S;
	say(client, "connected to %.120s", client->config->mqtt_host);
	if (client->lost_logged)
		log_notice("%s", client->text);
	client->lost_logged = false;
	client->handler.connected(client->handler.userdata);
}

static void on_publish(
	struct mosquitto *mosq, void *userdata, int message, int reason, const mosquitto_property *properties)
{
	MqttClient *client = userdata;

	/* a reason of 0x80 and above means that the broker's rules refused it: it would be refused again */
	if (reason >= 0x80)
		log_warning("the broker refused a message (%s): check its access list",
			mosquitto_reason_string(reason));
	client->handler.acknowledged(client->handler.userdata, message);
}

/* ---- life ---- */

static int set_credentials(MqttClient *client)
{
	const Config *config = client->config;
	_cleanup_(freep) char *password = NULL;
	size_t size = 0;
	int r = 0;

	if (config->mqtt_tls) {
		r = mosquitto_tls_set(client->mosq, config->mqtt_ca_file[0] ? config->mqtt_ca_file : NULL,
			config->mqtt_ca_file[0] ? NULL : "/etc/ssl/certs",
			config->mqtt_cert_file[0] ? config->mqtt_cert_file : NULL,
			config->mqtt_key_file[0] ? config->mqtt_key_file : NULL, NULL);
		if (r != MOSQ_ERR_SUCCESS) {
			say(client, "TLS cannot be set up (%s): check the files of [mqtt]",
				mosquitto_strerror(r));
			return -EINVAL;
		}
	}
	if (!config->mqtt_user[0])
		return 0;
	if (config->mqtt_password_file[0])
		r = file_read(config->mqtt_password_file, PASSWORD_MAX, &password, &size);
	if (r < 0) {
		say(client, "the password file %.120s cannot be read: %s", config->mqtt_password_file,
			strerror(-r));
		return r;
	}
	if (password)
		password[strcspn(password, "\r\n")] = '\0';
	r = mosquitto_username_pw_set(client->mosq, config->mqtt_user, password);
	if (password)
		explicit_bzero(password, size);
	return r == MOSQ_ERR_SUCCESS ? 0 : -ENOMEM;
}

static int set_up_library(MqttClient *client, const char *will_topic, const char *will)
{
	char id[128];
	int r;

	mosquitto_lib_init();
	snprintf(id, sizeof id, "stipple-%.50s-%.50s", client->config->clinic, client->config->station);
	client->mosq = mosquitto_new(id, true, client);
	if (!client->mosq)
		return -ENOMEM;
	mosquitto_int_option(client->mosq, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
	/* the outbox keeps the window: the library must neither hold messages back nor drop any */
	mosquitto_int_option(client->mosq, MOSQ_OPT_SEND_MAXIMUM, 65535);
	mosquitto_connect_v5_callback_set(client->mosq, on_connect);
	mosquitto_publish_v5_callback_set(client->mosq, on_publish);
	r = mosquitto_will_set_v5(client->mosq, will_topic, (int)strlen(will), will, 1, true, NULL);
	return r == MOSQ_ERR_SUCCESS ? 0 : -EINVAL;
}

int mqtt_client_new(sd_event *event, const Config *config, const char *will_topic, const char *will,
	const MqttHandler *handler, MqttClient **ret)
{
	_cleanup_(mqtt_client_freep) MqttClient *client = calloc(1, sizeof *client);
	int r;

	if (!client)
		return -ENOMEM;
	client->event = sd_event_ref(event);
	client->config = config;
	client->handler = *handler;
	client->retry_s = RETRY_FIRST_S;
	client->attempt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (client->attempt_fd < 0)
		return -errno;
	r = set_up_library(client, will_topic, will);
	if (r < 0)
		return r;
	r = sd_event_add_io(
		event, &client->attempt_source, client->attempt_fd, EPOLLIN, on_attempted, client);
	if (r >= 0)
		r = sd_event_add_time_relative(
			event, &client->timer, CLOCK_MONOTONIC, MISC_US / 4, MISC_US / 8, on_timer, client);
	if (r >= 0)
		r = sd_event_source_set_enabled(client->timer, SD_EVENT_ON);
	if (r < 0)
		return r;
	/* without its credentials the station goes on and says so: telemetry is no reason not to treat */
	if (set_credentials(client) < 0)
		log_error("%s", client->text);
	else
		start_attempt(client);
	*ret = TAKE_PTR(client);
	return 0;
}

MqttClient *mqtt_client_free(MqttClient *client)
{
	if (!client)
		return NULL;
	if (client->attempting)
		pthread_join(client->attempt_thread, NULL);
	if (client->connected) {
		mosquitto_disconnect(client->mosq);
		(void)!mosquitto_loop_write(client->mosq, 16);
	}
	sd_event_source_disable_unref(client->socket);
	sd_event_source_disable_unref(client->timer);
	sd_event_source_disable_unref(client->attempt_source);
	if (client->mosq)
		mosquitto_destroy(client->mosq);
	mosquitto_lib_cleanup();
	closep(&client->attempt_fd);
	sd_event_unref(client->event);
	free(client);
	return NULL;
}

int mqtt_client_publish(MqttClient *client, const char *topic, const char *payload, int qos, bool retain,
	unsigned expiry_s, int *ret_message)
{
	mosquitto_property *properties = NULL;
	int r;

	if (!client->connected)
		return -ENOTCONN;
	if (expiry_s && mosquitto_property_add_int32(
				&properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL, expiry_s) != MOSQ_ERR_SUCCESS)
		return -ENOMEM;
	r = mosquitto_publish_v5(
		client->mosq, ret_message, topic, (int)strlen(payload), payload, qos, retain, properties);
	mosquitto_property_free_all(&properties);
	update_events(client);
	return r == MOSQ_ERR_SUCCESS ? 0
	       : r == MOSQ_ERR_NOMEM ? -ENOMEM
	       : r == MOSQ_ERR_INVAL ? -EINVAL
				     : -ENOTCONN;
}

bool mqtt_client_connected(const MqttClient *client)
{
	return client->connected;
}

bool mqtt_client_congested(const MqttClient *client)
{
	return client->connected && mosquitto_want_write(client->mosq);
}

const char *mqtt_client_text(const MqttClient *client)
{
	return client->text;
}
