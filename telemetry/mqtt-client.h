/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * libmosquitto in the caller's sd-event loop, MQTT v5. The connect call, which resolves names and may
 * wait, runs on a short-lived thread; everything else on the main thread, without blocking. Lost
 * connections are tried again after 1 to 60 s, doubling, with jitter.
 */

#include <stdbool.h>
#include <stddef.h>

#include <systemd/sd-event.h>

#include "config/config.h"
#include "util/cleanup.h"

typedef struct MqttClient MqttClient;

enum { MQTT_CERTIFICATE_MAX = 256 };

typedef struct MqttHandler {
	void (*connected)(void *userdata);
	void (*disconnected)(void *userdata);
	/**
	 * A QoS 1 publication was taken by the broker (`code` 0), or refused for what it is, by an MQTT
	 * reason code: it would be refused again. The next is published from `served`, not from here, where
	 * the library takes one at a time.
	 */
	void (*acknowledged)(void *userdata, int message, int code);
	/** Whether the broker may refuse this one as not the station's to say, without ending the connection.
	 */
	bool (*tolerates)(void *userdata, int message);
	/** All acknowledgements that had arrived are in. */
	void (*served)(void *userdata);
	void *userdata;
} MqttHandler;

/**
 * `will` (JSON text, copied) is published retained on `will_topic` by the broker if the station vanishes.
 * `config` must outlive the client. A broker that is away, or credentials that cannot be read, are no
 * error: mqtt_client_text() says so, and it is tried again.
 */
int mqtt_client_new(sd_event *event, const Config *config, const char *will_topic, const char *will,
	const MqttHandler *handler, MqttClient **ret) _must_check_;
/** Disconnects if connected, without waiting. Accepts NULL; returns NULL. */
MqttClient *mqtt_client_free(MqttClient *client);
DEFINE_CLEANUP(MqttClient *, mqtt_client_free, mqtt_client_freep);

/**
 * Hands a message to the socket or, when that is full, to the library's queue. `ret_message` may be NULL.
 * JSON, or "" which clears
 * what is retained. `expiry_s` 0: none. -ENOTCONN: lost, `disconnected` follows; -ENOMEM; -EINVAL: no topic;
 * -EMSGSIZE: more than the broker takes.
 */
int mqtt_client_publish(MqttClient *client, const char *topic, const char *payload, int qos, bool retain,
	unsigned expiry_s, int *ret_message) _must_check_;

/**
 * Between the two, what is published leaves in as few packets of the network as the socket allows, at the
 * latest with the release. A single message is not held back.
 */
void mqtt_client_hold(MqttClient *client);
void mqtt_client_release(MqttClient *client);

bool mqtt_client_connected(const MqttClient *client);
/** More is waiting to be written than the socket takes: live messages had better be dropped. */
bool mqtt_client_congested(const MqttClient *client);
/** The longest packet that this connection's broker takes, in bytes; 0: any, or not connected. */
uint32_t mqtt_client_limit(const MqttClient *client);
/**
 * Another client came with this station's name within the last ten minutes and took the connection over: the
 * broker said so, or closed three good connections without a word within two minutes.
 */
bool mqtt_client_name_taken(const MqttClient *client);
/**
 * A certificate in use that ends within CERTIFICATE_WARN_DAYS, as a sentence; "" none does, or no connection
 * with one was tried yet.
 */
const char *mqtt_client_certificate(const MqttClient *client, char ret[MQTT_CERTIFICATE_MAX]);
/** Name of an MQTT reason code; static. */
const char *mqtt_client_reason(int code);
/** One sentence on how it stands; owned by the client. */
const char *mqtt_client_text(const MqttClient *client);
