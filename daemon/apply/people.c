/* SPDX-License-Identifier: Apache-2.0 */

/** Applies the records about the people who work here. It does not judge whether somebody may sign in. */

#include "apply/people.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "apply/record-field.h"

void signed_in_record_apply(State *state, const AppliedRecord *record)
{
	People *people = &state->people;

	if (!record->who || !record->holder || !record->holder[0])
		return;
	people->signed_in = *record->who;
	snprintf(people->holder, sizeof people->holder, "%s", record->holder);
	people->sign_in = ++people->sign_ins;
	if (strcasecmp(state->session.practitioner, record->who->badge) == 0)
		snprintf(state->session.practitioner_name, SESSION_NAME_MAX, "%s", record->who->name);
}

void signed_out_apply(State *state)
{
	People *people = &state->people;

	people->signed_in = (Operator){ 0 };
	people->holder[0] = '\0';
	people->sign_in = 0;
}

void signed_out_record_apply(State *state, const AppliedRecord *record)
{
	/* the recorded sign-out may be that of an earlier operator */
	if (strcasecmp(state->people.signed_in.badge, record_text(record, "badge")) == 0)
		signed_out_apply(state);
}

void roles_apply(State *state, const AppliedRecord *record)
{
	Operator *who = &state->people.signed_in;
	size_t used = 0, i;
	json_t *role;

	if (!who->badge[0] || strcasecmp(who->badge, record_text(record, "badge")) != 0)
		return;
	who->roles[0] = '\0';
	json_array_foreach (json_object_get(record->body, "roles"), i, role)
		if (used < sizeof who->roles)
			used += (size_t)snprintf(who->roles + used, sizeof who->roles - used, "%s%s",
				i ? "," : "", json_string_value(role));
}

/** Whether one of the roles is administrator. */
static bool has_administrator(const json_t *roles)
{
	json_t *role;
	size_t i;

	json_array_foreach ((json_t *)roles, i, role)
		if (json_is_string(role) && strcmp(json_string_value(role), "administrator") == 0)
			return true;
	return false;
}

void enrolled_apply(State *state, const AppliedRecord *record)
{
	if (!has_administrator(json_object_get(record->body, "roles")))
		return;
	explicit_bzero(state->people.code, sizeof state->people.code);
	state->people.wrong_codes = 0;
}

void leaving_apply(State *state, bool is_leaving)
{
	state->people.is_leaving = is_leaving;
}

void wrong_code_apply(State *state, bool is_last)
{
	state->people.wrong_codes++;
	if (is_last)
		explicit_bzero(state->people.code, sizeof state->people.code);
}

void renamed_apply(State *state, const AppliedRecord *record)
{
	snprintf(state->people.names, sizeof state->people.names, "%s/%s", record_text(record, "clinic"),
		record_text(record, "station"));
}
