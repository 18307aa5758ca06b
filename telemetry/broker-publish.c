/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Publishes over the present connection. A message that the broker does not take must not reach the library,
 * and no message waits here.
 */

#include "broker-private.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include <mqtt_protocol.h>

static void cork_socket(Broker *broker, bool on)
{
	int value = on;

	if (broker->corked == on || !broker->connection || broker->config->mqtt_host[0] == '/')
		return;
	broker->corked = on;
	(void)setsockopt(
		mosquitto_socket(broker->connection->mosq), IPPROTO_TCP, TCP_CORK, &value, sizeof value);
}

void broker_hold(Broker *broker)
{
	broker->holding = true;
	broker->held = 0;
}

void broker_release(Broker *broker)
{
	broker->holding = false;
	cork_socket(broker, false);
	if (broker->held > 0)
		broker_update_events(broker);
}

/**
 * The size of a PUBLISH packet with our properties (MQTT v5, 3.3). The library counts for itself, but some
 * versions end the program when a packet is too long.
 */
static size_t packet_size(const char *topic, const char *payload, int qos, bool expires)
{
	size_t content = 0, remaining;

	if (payload[0])
		content = 2 + 3 + strlen(MQTT_CONTENT_TYPE) + (expires ? 5 : 0);
	remaining = 2 + strlen(topic) + (qos > 0 ? 2 : 0) + 1 + content + strlen(payload);
	return 1 +
	       (remaining < 1 << 7           ? 1
		       : remaining < 1 << 14 ? 2
		       : remaining < 1 << 21 ? 3
					     : 4) +
	       remaining;
}

int broker_publish(Broker *broker, const char *topic, const char *payload, int qos, bool retain,
	unsigned expiry_s, int *ret_message)
{
	mosquitto_property *properties = NULL;
	int r;

	if (!broker->connected)
		return -ENOTCONN;
	if (broker->limit && packet_size(topic, payload, qos, expiry_s > 0) > broker->limit)
		return -EMSGSIZE;
	if (expiry_s && (mosquitto_property_copy_all(&properties, broker->properties) != MOSQ_ERR_SUCCESS ||
				mosquitto_property_add_int32(&properties, MQTT_PROP_MESSAGE_EXPIRY_INTERVAL,
					expiry_s) != MOSQ_ERR_SUCCESS))
		return -ENOMEM;
	if (broker->holding && broker->held++ == 1)
		cork_socket(broker, true);
	r = mosquitto_publish_v5(broker->connection->mosq, ret_message, topic, (int)strlen(payload), payload,
		qos, retain,
		!payload[0]  ? NULL
		: properties ? properties
			     : broker->properties);
	mosquitto_property_free_all(&properties);
	if (!broker->holding)
		broker_update_events(broker);
	return r == MOSQ_ERR_SUCCESS                                         ? 0
	       : r == MOSQ_ERR_NOMEM                                         ? -ENOMEM
	       : r == MOSQ_ERR_INVAL                                         ? -EINVAL
	       : r == MOSQ_ERR_OVERSIZE_PACKET || r == MOSQ_ERR_PAYLOAD_SIZE ? -EMSGSIZE
									     : -ENOTCONN;
}

uint32_t broker_limit(const Broker *broker)
{
	return broker->limit;
}

bool broker_congested(const Broker *broker)
{
	return broker->connected && mosquitto_want_write(broker->connection->mosq);
}

const char *broker_reason(int code)
{
	return mosquitto_reason_string(code);
}
