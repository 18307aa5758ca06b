/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What keeping the connection and publishing over it share. Nothing else includes it. */

#include <mosquitto.h>

#include "broker.h"
#include "mqtt-connection.h"

enum { CLOSED_OFTEN = 3 }; /* within CLOSED_US: as when two take the connection from one another */

struct Broker {
	sd_event *event;
	const Config *config;
	BrokerHandler handler;
	char *will_topic, *will;
	MqttConnection *connection; /* NULL while waiting for the next attempt */
	sd_event_source *attempt;   /* the connection is its thread's */
	sd_event_source *socket;    /* the connection is ours */
	sd_event_source *timer;
	bool connected; /* CONNACK was good */
	bool refused;   /* by a reason code, kept in `reason`: the connection ends after this callback */
	bool lost_logged, refusal_logged;
	bool holding, corked; /* see broker_hold() */
	unsigned held;        /* published since then */
	uint32_t limit;
	Validity own, brokers;           /* as the last connections saw them */
	int64_t taken_over_us;           /* 0: never */
	int64_t closed_us[CLOSED_OFTEN]; /* when the broker closed good connections without a word; a ring */
	size_t next_closed;
	mosquitto_property *properties; /* of what is JSON */
	unsigned retry_s;
	int64_t retry_at_us, connack_by_us, connected_us;
	Error reason; /* why the connection ended */
	char text[ERROR_TEXT_MAX + 128];
};

/** Lets the event loop say when the socket takes more, where something is waiting. */
void broker_update_events(Broker *broker);
