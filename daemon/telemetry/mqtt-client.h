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

typedef struct MqttHandler {
	void (*connected)(void *userdata);
	void (*disconnected)(void *userdata);
	/**
	 * A QoS 1 publication was taken by the broker, or refused for what it is: it would be refused again.
	 * The next is published from `served`, not from here, where the library takes one at a time.
	 */
	void (*acknowledged)(void *userdata, int message);
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
 * `expiry_s` 0: none. -ENOTCONN: lost, `disconnected` follows; -ENOMEM; -EINVAL: no topic; -EMSGSIZE: more
 * than the broker takes.
 */
int mqtt_client_publish(MqttClient *client, const char *topic, const char *payload, int qos, bool retain,
	unsigned expiry_s, int *ret_message) _must_check_;

bool mqtt_client_connected(const MqttClient *client);
/** More is waiting to be written than the socket takes: live messages had better be dropped. */
bool mqtt_client_congested(const MqttClient *client);
/** One sentence on how it stands; owned by the client. */
const char *mqtt_client_text(const MqttClient *client);
