/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The clinic's broker, as this station's only client of it: libmosquitto in the caller's sd-event loop, MQTT
 * v5. The connect call, which resolves names and may wait, runs on a short-lived thread; everything else on
 * the main thread, without blocking. Lost connections are tried again after 1 to 60 s, doubling, with jitter.
 */

#include <stdbool.h>
#include <stddef.h>

#include <systemd/sd-event.h>

#include "config/config.h"
#include "util/cleanup.h"

typedef struct Broker Broker;

enum { BROKER_CERTIFICATE_MAX = 256 };

typedef struct BrokerHandler {
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
} BrokerHandler;

/**
 * `will` (JSON text, copied) is published retained on `will_topic` by the broker if the station vanishes.
 * `config` must outlive the broker. A broker that is away, or credentials that cannot be read, are no
 * error: broker_text() says so, and it is tried again.
 */
int broker_new(sd_event *event, const Config *config, const char *will_topic, const char *will,
	const BrokerHandler *handler, Broker **ret) _must_check_;
/** Disconnects if connected, without waiting. Accepts NULL; returns NULL. */
Broker *broker_free(Broker *broker);
DEFINE_CLEANUP(Broker *, broker_free, broker_freep);

/**
 * Hands a message to the socket or, when that is full, to the library's queue. `ret_message` may be NULL.
 * JSON, or "" which clears
 * what is retained. `expiry_s` 0: none. -ENOTCONN: lost, `disconnected` follows; -ENOMEM; -EINVAL: no topic;
 * -EMSGSIZE: more than the broker takes.
 */
int broker_publish(Broker *broker, const char *topic, const char *payload, int qos, bool retain,
	unsigned expiry_s, int *ret_message) _must_check_;

/**
 * Between the two, what is published leaves in as few packets of the network as the socket allows, at the
 * latest with the release. A single message is not held back.
 */
void broker_hold(Broker *broker);
void broker_release(Broker *broker);

bool broker_connected(const Broker *broker);
/** More is waiting to be written than the socket takes: live messages had better be dropped. */
bool broker_congested(const Broker *broker);
/** The longest packet that this connection's broker takes, in bytes; 0: any, or not connected. */
uint32_t broker_limit(const Broker *broker);
/**
 * Another client came with this station's name within the last ten minutes and took the connection over: the
 * broker said so, or closed three good connections without a word within two minutes.
 */
bool broker_name_taken(const Broker *broker);
/**
 * A certificate in use that ends within CERTIFICATE_WARN_DAYS, as a sentence; "" none does, or no connection
 * with one was tried yet.
 */
const char *broker_certificate(const Broker *broker, char ret[BROKER_CERTIFICATE_MAX]);
/** Name of an MQTT reason code; static. */
const char *broker_reason(int code);
/** One sentence on how it stands; owned by the broker. */
const char *broker_text(const Broker *broker);
