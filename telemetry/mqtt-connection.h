/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * One connection to the broker, from the attempt to its end. A client of the library serves one connection
 * only: messages that it would send again by itself, and their ids, die with it, so that the outbox alone
 * decides what is sent. Credentials are read anew for each, so that a person can put them right while the
 * station runs.
 */

#include <stdatomic.h>
#include <stdbool.h>

#include <mosquitto.h>

#include "certificates.h"
#include "config/config.h"
#include "util/error.h"

#define MQTT_CONTENT_TYPE "application/json"

typedef struct MqttConnection {
	struct mosquitto *mosq; /* the thread's until `done_fd` is readable */
	void *userdata;         /* the caller's */
	int done_fd;            /* readable once the attempt is over; then `result` and `error` are good */
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

/** What says that a payload is JSON text; the caller's. NULL: out of memory. */
mosquitto_property *mqtt_json_properties(void) _must_check_;

/**
 * Prepares a connection: identity, last will (retained, QoS 1), TLS, user. `userdata` is what the library's
 * callbacks get by way of the connection, which is their own userdata. On failure `reason` gets a sentence
 * for a person; -EINVAL, -ENOMEM or the errno of a file. Reads the password and looks at the certificates.
 */
int mqtt_connection_new(const Config *config, const char *will_topic, const char *will, void *userdata,
	MqttConnection **ret, Error *reason) _must_check_;

/** Resolves the name and connects on a thread of its own; `done_fd` becomes readable at the end. */
int mqtt_connection_start(MqttConnection *connection) _must_check_;

/**
 * Closes the connection, without DISCONNECT: the broker publishes the last will. Never waits: an attempt
 * under way is left to its thread, which cleans up. Accepts NULL; returns NULL.
 */
MqttConnection *mqtt_connection_free(MqttConnection *connection);
DEFINE_CLEANUP(MqttConnection *, mqtt_connection_free, mqtt_connection_freep);

/**
 * Why `result` (MOSQ_ERR_) ended the connection, and what to do about it. `answered`: the broker had
 * accepted the station before.
 */
void mqtt_connection_describe(const MqttConnection *connection, const Config *config, int result, int error,
	bool answered, Error *reason);

/** The same of a CONNACK, PUBACK or DISCONNECT reason code of 0x80 and above. */
void mqtt_refusal_describe(const Config *config, int code, Error *reason);
