/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** From records to topics and messages: pure. docs/stipple-mqtt.asyncapi.yaml describes them. */

#include <jansson.h>

#include "core/station.h"

enum { TOPIC_MAX = 192 };

/** "stipple/v1/<clinic>/<station>/<suffix>". */
void topic_make(const Config *config, const char *suffix, char ret[TOPIC_MAX]);

/**
 * Topic of an outbox row {seq, kind, utc, body, zone}, body as JSON text. False when its kind is not for
 * publishing, or it is broken.
 */
bool topic_of_record(const Config *config, const json_t *row, char ret[TOPIC_MAX]);

/** The message of an outbox row that has a topic, JSON text to be freed, with its id; NULL when out of
 * memory. */
char *message_of_record(const Config *config, const json_t *row);

/**
 * The retained `state` message; `online` false is the last will. `stock` has the rows of the ledger's query
 * of that name, or is NULL while they are not known.
 */
char *message_of_state(const Config *config, const StationView *view, const json_t *stock, bool online);

/** One message of the live stream. */
char *message_of_telemetry(const Config *config, const StationView *view);
