/* SPDX-License-Identifier: Apache-2.0 */

/** Applies what the station's machine reports, further rows of the record, and the rules at the start. */

#include "apply/apply.h"

#include <stdio.h>
#include <string.h>

#include "apply/work.h"

void host_apply(State *state, const Host *host)
{
	state->host = *host;
}

void fact_apply(State *state, Fact fact, json_t *rows)
{
	json_decref(state->facts.rows[fact]);
	state->facts.rows[fact] = json_incref(rows);
}

void start_apply(State *state, const Config *config, bool has_board, const char *code, uint64_t next_session)
{
	session_clear(&state->session);
	work_clear(state);
	state->rules.config = config;
	state->board.is_there = has_board;
	state->next_session = next_session ? next_session : 1;
	snprintf(state->people.names, sizeof state->people.names, "%s/%s", config->clinic, config->station);
	snprintf(state->people.code, sizeof state->people.code, "%s", code ? code : "");
}

void inert_apply(State *state, const char *reason)
{
	if (!state->rules.inert[0])
		snprintf(state->rules.inert, sizeof state->rules.inert, "%s", reason);
}

bool protocol_apply(State *state, Protocol *protocol)
{
	Protocols *protocols = &state->protocols;

	if (protocols->n == SESSION_PROTOCOLS_MAX)
		return false;
	protocols->list[protocols->n++] = protocol;
	return true;
}

void consents_apply(State *state, const ConsentTexts *texts)
{
	consent_texts_clear(&state->consents);
	state->consents = *texts;
}

void profile_apply(State *state, const Profile *profile)
{
	state->rules.profile = *profile;
}

void state_clear(State *state)
{
	explicit_bzero(state->people.code, sizeof state->people.code);
	protocols_clear(&state->protocols);
	consent_texts_clear(&state->consents);
	for (Fact fact = 0; fact < FACT_MAX; fact++)
		json_decref(state->facts.rows[fact]);
}
