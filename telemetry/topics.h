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

/** Topic of a record. False when its kind is not published, or the record is broken. */
bool topic_of_record(const Config *config, const LedgerMessage *record, char ret[TOPIC_MAX]);

/**
 * The message of a record that has a topic, as JSON text with the record's id; the caller frees it. NULL
 * when out of memory. `late`: it is sent after records with higher numbers, because the broker did not take
 * it before.
 */
char *message_of_record(const Config *config, const LedgerMessage *record, bool late);

/**
 * The retained `state` message; with `state` NULL it is the last will. `stock` has the rows of the ledger's
 * query newest-stock, or is NULL while they are not known.
 */
char *message_of_state(const Config *config, const LiveState *state, const json_t *stock);

/** One message of the live stream. */
char *message_of_figures(const LiveFigures *figures);
