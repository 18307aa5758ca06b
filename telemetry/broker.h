/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The connection to the clinic's broker: libmosquitto in the caller's sd-event loop, MQTT v5. No other part
 * of the station connects to the broker. The connect call, which resolves names and may wait, runs on a
 * short-lived thread. Everything else runs on the main thread without blocking. A lost connection is tried
 * again after 1 to 60 s, doubling, with jitter.
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
	 * The broker took a QoS 1 publication (`code` 0), or refused it for its contents with an MQTT reason
	 * code: it would be refused again. Publish the next message from `served`, not from here, where the
	 * library takes only one at a time.
	 */
	void (*acknowledged)(void *userdata, int message, int code);
	/**
	 * Whether a refusal of this message (it is not the station's to send) may leave the connection open.
	 */
	bool (*tolerates)(void *userdata, int message);
	/** All acknowledgements that had arrived were handled. */
	void (*served)(void *userdata);
	void *userdata;
} BrokerHandler;

/**
 * `will` (JSON text, copied) is the last will: the broker publishes it retained on `will_topic` if the
 * station vanishes. `config` must outlive the broker. A broker that is away, or credentials that cannot be
 * read, are no error: broker_text() reports it, and the connection is tried again.
 */
int broker_new(sd_event *event, const Config *config, const char *will_topic, const char *will,
	const BrokerHandler *handler, Broker **ret) _must_check_;
/** Disconnects if connected, without waiting. Accepts NULL; returns NULL. */
Broker *broker_free(Broker *broker);
DEFINE_CLEANUP(Broker *, broker_free, broker_freep);

/**
 * Writes a message to the socket or, when that is full, adds it to the library's queue. `ret_message` may be
 * NULL. The payload is JSON, or "" to clear a retained message. `expiry_s` 0: none. -ENOTCONN: the
 * connection is lost, and `disconnected` follows; -ENOMEM; -EINVAL: no topic; -EMSGSIZE: longer than the
 * broker takes.
 */
int broker_publish(Broker *broker, const char *topic, const char *payload, int qos, bool retain,
	unsigned expiry_s, int *ret_message) _must_check_;

/**
 * Between broker_hold() and broker_release(), messages are combined into as few network packets as the
 * socket allows, and sent at the release at the latest. A single message is not delayed.
 */
void broker_hold(Broker *broker);
void broker_release(Broker *broker);

bool broker_connected(const Broker *broker);
/** More is waiting to be written than the socket takes: drop live messages. */
bool broker_congested(const Broker *broker);
/** The longest packet that this connection's broker takes, in bytes; 0: any, or not connected. */
uint32_t broker_limit(const Broker *broker);
/**
 * Another client used this station's name within the last ten minutes and took the connection over: the
 * broker said so, or it closed three good connections without a reason within two minutes.
 */
bool broker_name_taken(const Broker *broker);
/**
 * A sentence about a certificate in use that ends within CERTIFICATE_WARN_DAYS; "" when there is none, or no
 * connection with one was tried yet.
 */
const char *broker_certificate(const Broker *broker, char ret[BROKER_CERTIFICATE_MAX]);
/** Name of an MQTT reason code; static. */
const char *broker_reason(int code);
/** One sentence about the state of the connection; owned by the broker. */
const char *broker_text(const Broker *broker);
