/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Shared by the two files that keep the connection and publish over it. Nothing else includes it. */

#include <mosquitto.h>

#include "broker.h"
#include "mqtt-connection.h"

enum { CLOSED_OFTEN = 3 }; /* closings within CLOSED_US that mean that another client uses our name */

struct Broker {
	sd_event *event;
	const Config *config;
	BrokerHandler handler;
	char *will_topic, *will;
	MqttConnection *connection; /* NULL while waiting for the next attempt */
	sd_event_source *attempt;   /* while a thread has the connection */
	sd_event_source *socket;    /* while this thread has it */
	sd_event_source *timer;
	bool connected; /* CONNACK was good */
	bool refused;   /* the broker sent a reason code: the connection ends after this callback */
	bool lost_logged, refusal_logged;
	bool holding, corked; /* see broker_hold() */
	unsigned held;        /* published since broker_hold() */
	uint32_t limit;
	Validity own, brokers;           /* of this station and of the broker, as last seen */
	int64_t taken_over_us;           /* 0: never */
	int64_t closed_us[CLOSED_OFTEN]; /* when the broker closed good connections without a word; a ring */
	size_t next_closed;
	mosquitto_property *properties; /* marks a payload as JSON */
	unsigned retry_s;
	int64_t retry_at_us, connack_by_us, connected_us;
	Error reason; /* why the connection ended */
	char text[ERROR_TEXT_MAX + 128];
};

/** Watches the socket for writing only while something is waiting to be sent. */
void broker_update_events(Broker *broker);
