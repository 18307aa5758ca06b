/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * One connection to the broker, from the attempt to its end. Each connection has its own client of the
 * library: messages that the library would send again by itself, and their ids, end with it, so that the
 * outbox alone decides what is sent. Credentials are read again for each connection, so that a person can
 * put them right while the station runs.
 */

#include <stdatomic.h>
#include <stdbool.h>

#include <mosquitto.h>

#include "certificates.h"
#include "config/config.h"
#include "util/error.h"

#define MQTT_CONTENT_TYPE "application/json"

typedef struct MqttConnection {
	struct mosquitto *mosq; /* used by the thread until `done_fd` is readable */
	void *userdata;         /* the caller's */
	int done_fd;            /* readable once the attempt is over; then `result` and `error` are valid */
	int result;             /* MOSQ_ERR_ of the attempt */
	int error;              /* its errno, with MOSQ_ERR_ERRNO */
	CertificateSeen seen;   /* the broker's certificate */
	Validity own;           /* this station's; zeros without one */
	char detail[120];       /* what OpenSSL said last, or "" */
	bool cut;               /* OpenSSL met an error of the system, as a reset is */
	/* private */
	char *host;
	int port;
	atomic_uint owners;
} MqttConnection;

/** The properties that mark a payload as JSON text; the caller frees them. NULL: out of memory. */
mosquitto_property *mqtt_json_properties(void) _must_check_;

/**
 * Prepares a connection: identity, last will (retained, QoS 1), TLS, user. The library's callbacks get the
 * MqttConnection as their userdata, and `userdata` through it. On failure `reason` gets a sentence for a
 * person; -EINVAL, -ENOMEM or the errno of a file. Reads the password and looks at the certificates.
 */
int mqtt_connection_new(const Config *config, const char *will_topic, const char *will, void *userdata,
	MqttConnection **ret, Error *reason) _must_check_;

/** Resolves the name and connects on a thread of its own; `done_fd` becomes readable when that ends. */
int mqtt_connection_start(MqttConnection *connection) _must_check_;

/**
 * Closes the connection without DISCONNECT, so that the broker publishes the last will. Never waits: an
 * attempt in progress is left to its thread, which cleans up. Accepts NULL; returns NULL.
 */
MqttConnection *mqtt_connection_free(MqttConnection *connection);
DEFINE_CLEANUP(MqttConnection *, mqtt_connection_free, mqtt_connection_freep);

/**
 * Describes why `result` (MOSQ_ERR_) ended the connection, and what to do about it. `answered`: the broker
 * had accepted the station before.
 */
void mqtt_connection_describe(const MqttConnection *connection, const Config *config, int result, int error,
	bool answered, Error *reason);

/** The same for a reason code of 0x80 and above in a CONNACK, PUBACK or DISCONNECT. */
void mqtt_refusal_describe(const Config *config, int code, Error *reason);
