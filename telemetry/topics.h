/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** From records to topics and messages: pure. docs/stipple-mqtt.asyncapi.yaml describes them. */

#include <jansson.h>

#include "config/config.h"
#include "ledger/outbox.h"
#include "frame/live-frame.h"

enum { TOPIC_MAX = 192 };

/** "stipple/v1/<clinic>/<station>/<suffix>". */
void topic_make(const Config *config, const char *suffix, char ret[TOPIC_MAX]);

/** Topic of a record. False when its kind is not for publishing, or it is broken. */
bool topic_of_record(const Config *config, const LedgerMessage *record, char ret[TOPIC_MAX]);

/**
 * The message of a record that has a topic, JSON text to be freed, with its id; NULL when out of memory.
 * `late`: it comes after records with higher numbers, because the broker did not take it before.
 */
char *message_of_record(const Config *config, const LedgerMessage *record, bool late);

/**
 * The retained `state` message; `state` NULL is the last will. `stock` has the rows of the ledger's query
 * newest-stock, or is NULL while they are not known.
 */
char *message_of_state(const Config *config, const LiveState *state, const json_t *stock);

/** One message of the live stream. */
char *message_of_figures(const LiveFigures *figures);
