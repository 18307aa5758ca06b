/* SPDX-License-Identifier: Apache-2.0 */

/**
 * One connection to the broker: its credentials, the attempt to connect, and why it ended. It must not use a
 * key or a password that anybody can read, and must not block while it connects.
 */

#include "mqtt-connection.h"

#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <time.h>

#include <mqtt_protocol.h>

#include "util/file.h"

enum { KEEPALIVE_S = 30, PASSWORD_MAX = 1024 };

/* ---- what the library needs to know ---- */

static bool is_local(const Config *config)
{
	return config->mqtt_host[0] == '/';
}

/** Names the file that is wrong: the library says only "invalid" about all of its files together. */
static int check_file_readable(const char *key, const char *path, Error *reason)
{
	if (!path[0] || access(path, R_OK) == 0)
		return 0;
	return error_set(
		reason, -errno, "%.120s cannot be read (%s): check [mqtt] %s", path, strerror(errno), key);
}

/**
 * Refuses a secret that others can read or replace: it proves nothing to a broker. The file's group may read
 * it, because the file may belong to root.
 */
static int check_private(const char *key, const char *path, const char *secret, Error *reason)
{
	struct stat status;

	/* the code that opens a missing file reports it */
	if (!path[0] || stat(path, &status) < 0 || !(status.st_mode & (S_IRWXO | S_IWGRP)))
		return 0;
	return error_set(reason, -EACCES,
		"%.80s is open to others (mode %04o): set mode 0640, group stipple-telemetry, and change the %s if "
		"anybody may have read it ([mqtt] %s)",
		path, status.st_mode & 07777, secret, key);
}

static const char *or_null(const char *text)
{
	return text[0] ? text : NULL;
}

static int set_tls(MqttConnection *connection, const Config *config, Error *reason)
{
	int r;

	if ((r = check_file_readable("ca_file", config->mqtt_ca_file, reason)) < 0 ||
		(r = check_file_readable("cert_file", config->mqtt_cert_file, reason)) < 0 ||
		(r = check_file_readable("key_file", config->mqtt_key_file, reason)) < 0 ||
		(r = check_private("key_file", config->mqtt_key_file, "key", reason)) < 0)
		return r;
	if (config->mqtt_cert_file[0])
		(void)!certificate_read(config->mqtt_cert_file, &connection->own);
	r = mosquitto_tls_set(connection->mosq, or_null(config->mqtt_ca_file),
		config->mqtt_ca_file[0] ? NULL : "/etc/ssl/certs", or_null(config->mqtt_cert_file),
		or_null(config->mqtt_key_file), NULL);
	if (r == MOSQ_ERR_SUCCESS)
		return 0;
	return error_set(reason, -EINVAL,
		"TLS cannot be set up (%s): check ca_file, cert_file and key_file of [mqtt]",
		mosquitto_strerror(r));
}

static int set_user(MqttConnection *connection, const Config *config, Error *reason)
{
	_cleanup_(freep) char *password = NULL;
	size_t size = 0;
	int r = check_private("password_file", config->mqtt_password_file, "password", reason);

	if (r < 0)
		return r;
	if (config->mqtt_password_file[0])
		r = file_read(config->mqtt_password_file, PASSWORD_MAX, &password, &size);
	if (r < 0)
		return error_set(reason, r, "%.120s cannot be read (%s): check [mqtt] password_file",
			config->mqtt_password_file, strerror(-r));
	if (password)
		password[strcspn(password, "\r\n")] = '\0';
	r = mosquitto_username_pw_set(connection->mosq, config->mqtt_user, password);
	if (password)
		explicit_bzero(password, size);
	if (r == MOSQ_ERR_SUCCESS)
		return 0;
	return error_set(reason, -EINVAL,
		"user or password cannot be sent (%s): check [mqtt] user, password_file",
		mosquitto_strerror(r));
}

/**
 * Keeps OpenSSL's error text, because the library's own result is no more than "a TLS error". A system error
 * is not TLS's: OpenSSL 3 puts a reset of the connection into its own queue.
 */
static void on_log(struct mosquitto *mosq, void *userdata, int level, const char *text)
{
	MqttConnection *connection = userdata;
	const char *last = strrchr(text, ':');

	if (level != MOSQ_LOG_ERR || !strstr(text, "OpenSSL"))
		return;
	certificate_note(mosquitto_ssl_get(mosq), &connection->seen);
	if (strstr(text, "system library"))
		connection->cut = true;
	else
		snprintf(connection->detail, sizeof connection->detail, "%s", last ? last + 1 : text);
}

mosquitto_property *mqtt_json_properties(void)
{
	mosquitto_property *properties = NULL;

	if (mosquitto_property_add_byte(&properties, MQTT_PROP_PAYLOAD_FORMAT_INDICATOR, 1) ==
			MOSQ_ERR_SUCCESS &&
		mosquitto_property_add_string(&properties, MQTT_PROP_CONTENT_TYPE, MQTT_CONTENT_TYPE) ==
			MOSQ_ERR_SUCCESS)
		return properties;
	mosquitto_property_free_all(&properties);
	return NULL;
}

static int set_will(MqttConnection *connection, const char *topic, const char *will)
{
	mosquitto_property *properties = mqtt_json_properties();

	if (properties && mosquitto_will_set_v5(connection->mosq, topic, (int)strlen(will), will, 1, true,
				  properties) == MOSQ_ERR_SUCCESS)
		return 0; /* the library has taken the properties */
	mosquitto_property_free_all(&properties);
	return -ENOMEM;
}

static int set_up_mosquitto(MqttConnection *connection, const Config *config, const char *will_topic,
	const char *will, Error *reason)
{
	char id[128];
	int r;

	/* no name contains ':', so that "a-b" and "c" give another id than "a" and "b-c" */
	snprintf(id, sizeof id, "stipple:%.50s:%.50s", config->clinic, config->station);
	connection->mosq = mosquitto_new(id, true, connection);
	if (!connection->mosq)
		return -ENOMEM;
	mosquitto_int_option(connection->mosq, MOSQ_OPT_PROTOCOL_VERSION, MQTT_PROTOCOL_V5);
	/* small messages should leave at once */
	mosquitto_int_option(connection->mosq, MOSQ_OPT_TCP_NODELAY, 1);
	/* the outbox has its own window: only the broker's limit is to hold messages back */
	mosquitto_int_option(connection->mosq, MOSQ_OPT_SEND_MAXIMUM, 65535);
	mosquitto_log_callback_set(connection->mosq, on_log);
	if (set_will(connection, will_topic, will) < 0)
		return -ENOMEM;
	if (config->mqtt_tls && !is_local(config) && (r = set_tls(connection, config, reason)) < 0)
		return r;
	return config->mqtt_user[0] ? set_user(connection, config, reason) : 0;
}

/* ---- life ---- */

static void *attempt(void *userdata)
{
	MqttConnection *connection = userdata;

	(void)pthread_setname_np(pthread_self(), "mqtt-connect");
	connection->result = mosquitto_connect_bind_v5(
		connection->mosq, connection->host, connection->port, KEEPALIVE_S, NULL, NULL);
	connection->error = errno;
	(void)eventfd_write(connection->done_fd, 1);
	mqtt_connection_free(connection);
	return NULL;
}

int mqtt_connection_new(const Config *config, const char *will_topic, const char *will, void *userdata,
	MqttConnection **ret, Error *reason)
{
	_cleanup_(mqtt_connection_freep) MqttConnection *connection = calloc(1, sizeof *connection);
	int r;

	error_set(reason, -ENOMEM, "not enough memory");
	if (!connection)
		return -ENOMEM;
	atomic_init(&connection->owners, 1);
	connection->userdata = userdata;
	connection->port = is_local(config) ? 0 : (int)config->mqtt_port;
	connection->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (connection->done_fd < 0)
		return -errno;
	connection->host = strdup(config->mqtt_host);
	if (!connection->host)
		return -ENOMEM;
	r = set_up_mosquitto(connection, config, will_topic, will, reason);
	if (r < 0)
		return r;
	*ret = TAKE_PTR(connection);
	return 0;
}

int mqtt_connection_start(MqttConnection *connection)
{
	pthread_t thread;
	int r;

	atomic_fetch_add(&connection->owners, 1);
	r = pthread_create(&thread, NULL, attempt, connection);
	/* nobody joins the thread: its connect call may take minutes, and the end of the program must not */
	if (r == 0)
		(void)pthread_detach(thread);
	else
		atomic_fetch_sub(&connection->owners, 1);
	return -r;
}

MqttConnection *mqtt_connection_free(MqttConnection *connection)
{
	if (!connection || atomic_fetch_sub(&connection->owners, 1) > 1)
		return NULL;
	if (connection->mosq)
		mosquitto_destroy(connection->mosq);
	closep(&connection->done_fd);
	free(connection->host);
	free(connection);
	return NULL;
}

/* ---- reasons for people ---- */

/** Whether a certificate is not valid yet, or not any more. */
static bool describe_validity(
	const MqttConnection *connection, const Config *config, bool refused, Error *reason)
{
	char when[CERTIFICATE_TEXT_MAX];
	int64_t now_s = (int64_t)time(NULL);

	if (connection->seen.failed && validity_describe(&connection->seen.validity, now_s, when)[0])
		error_set(reason, -ECONNABORTED,
			"TLS failed (certificate verify failed): the broker's certificate, or its authority's, %s",
			when);
	else if (refused && validity_describe(&connection->own, now_s, when)[0])
		error_set(reason, -ECONNABORTED, "it refuses the station's TLS: [mqtt] cert_file %.80s %s",
			config->mqtt_cert_file, when);
	else
		return false;
	return true;
}

/**
 * Whether TLS failed, and on which side. An alert comes from the other side. Often none arrives: the broker
 * closes before it reads our CONNECT, and the reset overtakes the alert.
 */
static bool describe_tls(
	const MqttConnection *connection, const Config *config, int result, int error, Error *reason)
{
	bool alert = strstr(connection->detail, "alert") != NULL;
	bool broken = config->mqtt_tls && !is_local(config) &&
		      (connection->cut || result == MOSQ_ERR_CONN_LOST ||
			      (result == MOSQ_ERR_ERRNO && error == EPROTO));

	if (describe_validity(connection, config, alert || broken, reason))
		return true;
	if (alert || (broken && !connection->detail[0]))
		error_set(reason, -ECONNABORTED,
			"it refuses the station's TLS (%s): check [mqtt] cert_file, key_file and port, and the broker's log",
			alert ? connection->detail : "without a reason");
	else if (strstr(connection->detail, "key values mismatch"))
		error_set(reason, -ECONNABORTED,
			"TLS failed (%s): check that [mqtt] key_file belongs to cert_file",
			connection->detail);
	else if (result == MOSQ_ERR_TLS || result == MOSQ_ERR_TLS_HANDSHAKE || connection->detail[0])
		error_set(reason, -ECONNABORTED,
			"TLS failed (%s): check [mqtt] ca_file, and that the broker's certificate is valid and made out to this name",
			connection->detail[0] ? connection->detail : mosquitto_strerror(result));
	else
		return false;
	return true;
}

void mqtt_connection_describe(const MqttConnection *connection, const Config *config, int result, int error,
	bool answered, Error *reason)
{
	bool closed = result == MOSQ_ERR_CONN_LOST || result == MOSQ_ERR_NO_CONN;

	if (!answered && describe_tls(connection, config, result, error, reason))
		return;
	if (result == MOSQ_ERR_PROTOCOL || result == MOSQ_ERR_MALFORMED_PACKET)
		error_set(reason, -ECONNABORTED,
			"what it sends is not MQTT v5: check [mqtt] host and port, and update an old broker");
	else if (result == MOSQ_ERR_ERRNO && (error == ECONNREFUSED || error == ENOENT))
		error_set(reason, -ECONNABORTED,
			"nobody listens there (%s): check that the broker runs, and [mqtt] host and port",
			strerror(error));
	else if (result == MOSQ_ERR_ERRNO && !answered)
		error_set(reason, -ECONNABORTED, "%s: check [mqtt] host and port, and the network",
			strerror(error));
	else if (result == MOSQ_ERR_EAI)
		error_set(reason, -ECONNABORTED, "its name is unknown: check [mqtt] host, and the network");
	else if (result == MOSQ_ERR_KEEPALIVE)
		error_set(reason, -ECONNABORTED,
			"it does not answer any more: check the broker and the network");
	else if (closed && !answered)
		error_set(reason, -ECONNABORTED,
			"it closed the connection without an answer: check [mqtt] port and tls, and the broker's log");
	else if (closed)
		error_set(reason, -ECONNABORTED, "the connection was closed");
	else
		error_set(reason, -ECONNABORTED, "%s", mosquitto_strerror(result));
}

void mqtt_refusal_describe(const Config *config, int code, Error *reason)
{
	const char *what = mosquitto_reason_string(code);

	switch (code) {
	case MQTT_RC_BAD_USERNAME_OR_PASSWORD:
	case MQTT_RC_NOT_AUTHORIZED:
		error_set(reason, -ECONNABORTED,
			"it refuses the station (%s): check [mqtt] user, password_file and cert_file, and the broker's "
			"access list for stipple/v1/%.48s/%.48s/#",
			what, config->clinic, config->station);
		break;
	case MQTT_RC_SESSION_TAKEN_OVER:
		error_set(reason, -ECONNABORTED,
			"another station came with the same name: check [station] clinic and station on both");
		break;
	case MQTT_RC_UNSUPPORTED_PROTOCOL_VERSION:
		error_set(reason, -ECONNABORTED, "it does not speak MQTT v5: update the old broker");
		break;
	default:
		error_set(reason, -ECONNABORTED, "it refuses the station (%s): see the broker's log", what);
	}
}
