/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Judges certificates: which ones the profile requires, and which have lapsed. No figure of a law may be
 * hard-coded here.
 */

#include "decide/operator-certificates.h"

#include <string.h>
#include <strings.h>

bool day_is_past(const Host *host, const char *last_day)
{
	int64_t end;

	return last_day && date_end_utc_us(last_day, &end) == 0 && end < host_today_us(host);
}

/** The signed-in operator's newest certificate of that name, ignoring case; NULL none. */
static const json_t *find_certificate(const State *state, const char *name)
{
	const json_t *newest = NULL;
	json_t *row;
	size_t i;

	/* the rows are sorted by number */
	json_array_foreach (state->facts.rows[FACT_CERTIFICATIONS], i, row)
		if (strcasecmp(row_text(row, "badge"), state->people.signed_in.badge) == 0 &&
			strcasecmp(row_text(row, "certificate"), name) == 0)
			newest = row;
	return newest;
}

/** The last day of a certificate as it was corrected, or as it was first recorded. */
static const char *last_day_of(const json_t *row)
{
	const char *corrected =
		json_string_value(json_object_get(json_object_get(row, "corrected"), "expiry"));

	return corrected ? corrected : row_text(row, "expiry");
}

static const char *missing_certificate(const State *state)
{
	const Profile *profile = &state->rules.profile;

	for (size_t i = 0; i < profile->n_certificates; i++)
		if (!find_certificate(state, profile->certificates[i]))
			return profile->certificates[i];
	return NULL;
}

static bool is_asked_for(const Profile *profile, const char *name)
{
	for (size_t i = 0; i < profile->n_certificates; i++)
		if (strcasecmp(profile->certificates[i], name) == 0)
			return true;
	return false;
}

void certificate_facts(const State *state, InterlockFacts *facts)
{
	json_t *row;
	size_t i;

	if (!state->people.signed_in.badge[0])
		return;
	facts->missing_certificate = missing_certificate(state);
	json_array_foreach (state->facts.rows[FACT_CERTIFICATIONS], i, row) {
		const char *name = row_text(row, "certificate");

		if (strcasecmp(row_text(row, "badge"), state->people.signed_in.badge) != 0 ||
			find_certificate(state, name) != row)
			continue;
		if (day_is_past(&state->host, last_day_of(row)))
			facts->lapsed_certificate = name;
		if (!is_asked_for(&state->rules.profile, name))
			facts->other_certificate = name;
	}
}
