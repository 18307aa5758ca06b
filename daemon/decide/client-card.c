/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Judges a client's card: what it lacks under the profile, and the client's age. No figure of a law may be
 * hard-coded here, and nothing on a card may get into a sentence but the age.
 */

#include "decide/client-card.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static const json_t *card_of(const json_t *row)
{
	return json_object_get(row, "card");
}

int client_age(const json_t *row, int64_t now_us)
{
	const char *birth = row_text(card_of(row), "birth_date");
	json_int_t born = json_integer_value(json_object_get(card_of(row), "born"));
	char today[CLOCK_UTC_TEXT_MAX], day[CLOCK_UTC_TEXT_MAX];
	int64_t birth_us;
	int age;

	clock_format_utc(now_us, today);
	if (birth[0] && date_end_utc_us(birth, &birth_us) == 0)
		snprintf(day, sizeof day, "%.10s", birth);
	else if (born > 0)
		snprintf(day, sizeof day, "%04d-12-31", (int)born);
	else
		return CLIENT_AGE_UNKNOWN;
	age = (int)(strtol(today, NULL, 10) - strtol(day, NULL, 10));
	/* months and days have the same places in both, so that their texts compare like dates */
	if (strncmp(today + 4, day + 4, 6) < 0)
		age--;
	return age < 0 ? CLIENT_AGE_UNKNOWN : age;
}

/** What the profile asks for and the card lacks, with its article; NULL nothing. Static. */
static const char *find_lack(const ProfileClient *asks, const json_t *row)
{
	const json_t *card = card_of(row);

	if (asks->name && !row_text(row, "name")[0])
		return "the name";
	if (asks->contact && !row_text(row, "contact")[0])
		return "the contact";
	if (asks->birth_date && !row_text(card, "birth_date")[0])
		return "the date of birth";
	if (asks->identity && !row_text(card, "id_kind")[0])
		return "the kind of the document of identity that was seen";
	return NULL;
}

/** The row of the open session's client; NULL: not registered, or no session. That of the client before is
 * not this client's. */
static const json_t *their_row(const State *state)
{
	const json_t *row = json_array_get(state->facts.rows[FACT_CLIENT], 0);

	return state->session.number && strcasecmp(row_text(row, "subject"), state->session.subject) == 0
		       ? row
		       : NULL;
}

const char *client_language(const State *state)
{
	return row_text(card_of(their_row(state)), "language");
}

void client_facts(const State *state, InterlockFacts *facts)
{
	const ProfileClient *asks = &state->rules.profile.client;
	const json_t *row = their_row(state);

	facts->client_asks = asks;
	facts->client_age = CLIENT_AGE_UNKNOWN;
	if (!state->session.number)
		return;
	facts->client = state->session.subject;
	if (!row)
		return;
	facts->client_registered = true;
	facts->client_lacks = find_lack(asks, row);
	facts->client_age = client_age(row, host_today_us(&state->host));
	facts->guardian_form = row_text(card_of(row), "guardian_form")[0] != '\0';
}
