/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What a client's card lacks under the profile, and how old the client is. The card is the row of the
 * question `client`: {subject, registered, name, contact, card: {birth_date, born, id_kind, guardian_form,
 * ...}}.
 */

#include "decide/interlocks.h"
#include "state/state.h"

enum { CLIENT_AGE_UNKNOWN = -1 };

/**
 * The client's age in whole years at `now_us` (UTC). A year of birth alone counts as its last day, so that
 * nobody seems older than they are. CLIENT_AGE_UNKNOWN: the card has neither, or a date that is none.
 */
int client_age(const json_t *row, int64_t now_us);

/** The language of the open session's client, "es"; "" when the card has none, or no session is open.
 * Borrowed. */
const char *client_language(const State *state);

/** Adds what the interlocks `registration` and `age` need, for the open session. */
void client_facts(const State *state, InterlockFacts *facts);
