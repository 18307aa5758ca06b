/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The compliance profile at work: what it adds to forms and queries, the certificates that it asks for, and
 * the biological tests that it makes due. No figure of a law or a standard may stand here: all come from the
 * profile.
 */

#include "core/station-private.h"

#include <assert.h>
#include <inttypes.h>
#include <string.h>
#include <strings.h>

#include "config/profile-file.h"
#include "util/log.h"

int station_check_profile(const Config *config, Error *error)
{
	Profile profile;

	return profile_load(config->profile_folder, config->profile, &profile, error);
}

int station_load_profile(Station *station, Error *error)
{
	const Config *config = station->options.config;

	return profile_load(config->profile_folder, config->profile, &station->profile, error);
}

/* ---- arguments of queries ---- */

/** Today, never before the newest record's day: "2026-03-02". */
static void today(const Station *station, char ret[CLOCK_UTC_TEXT_MAX])
{
	int64_t now = clock_read(station->options.clock).utc_us;
	int64_t newest = station->options.ledger ? ledger_newest_utc(station->options.ledger) : 0;

	clock_format_utc(now > newest ? now : newest, ret);
	ret[10] = '\0';
}

int station_profile_arguments(const Station *station, const char *query, json_t *arguments)
{
	json_auto_t *figures = profile_arguments(&station->profile);
	char day[CLOCK_UTC_TEXT_MAX];
	const char *name;
	json_t *value;
	int r = 0;

	today(station, day);
	if (!figures || json_object_set_new(figures, "today", json_string(day)) < 0)
		return -ENOMEM;
	json_object_foreach (figures, name, value)
		if (ledger_query_takes(query, name))
			r = r < 0 ? r : json_object_set(arguments, name, value);
	return r < 0 ? -ENOMEM : 0;
}

/* ---- forms ---- */

/** How long each group of records is kept, as the ledger's questions take it. */
static json_t *terms_of(const Profile *profile)
{
	json_auto_t *figures = profile_arguments(profile);

	return json_incref(json_object_get(figures, "keep"));
}

static json_t *value_of(const Profile *profile, const char *field)
{
	char proofs[256];

	if (strcmp(field, "profile") == 0)
		return json_string(profile->name);
	if (strcmp(field, "keep") == 0)
		return terms_of(profile);
	if (strcmp(field, "reprocess") == 0)
		return json_boolean(profile->reprocess);
	if (strcmp(field, "sterile_days") == 0)
		return json_integer(profile->sterile_days);
	if (strcmp(field, "biological_days") == 0)
		return json_integer(profile->biological_days);
	if (strcmp(field, "biological_cycles") == 0)
		return json_integer(profile->biological_cycles);
	if (strcmp(field, "after_installation") == 0)
		return json_boolean(profile->after_installation);
	if (strcmp(field, "after_repair") == 0)
		return json_boolean(profile->after_repair);
	profile_proofs(profile, proofs, sizeof proofs);
	return json_string(proofs);
}

int station_with_profile(const Station *station, const Form *form, json_t *body)
{
	const RecordField *fields = record_fields(form->kind);

	for (; fields && fields->name; fields++)
		if (fields->origin == FROM_PROFILE && json_object_set_new(body, fields->name,
							      value_of(&station->profile, fields->name)) < 0)
			return -ENOMEM;
	return 0;
}

/* ---- certificates ---- */

static const char *text_of(const json_t *row, const char *column)
{
	const char *text = json_string_value(json_object_get(row, column));

	return text ? text : "";
}

/** The newest certificate of that name, written in either case, of the operator signed in; NULL none. */
static json_t *find_certificate(const Station *station, const char *name)
{
	json_t *row, *newest = NULL;
	size_t i;

	/* the rows come by number */
	json_array_foreach (station_fact(station, STATION_FACT_CERTIFICATIONS), i, row)
		if (strcasecmp(text_of(row, "badge"), station->view.badge) == 0 &&
			strcasecmp(text_of(row, "certificate"), name) == 0)
			newest = row;
	return newest;
}

static const char *missing_certificate(const Station *station)
{
	const Profile *profile = &station->profile;

	for (size_t i = 0; i < profile->n_certificates; i++)
		if (!find_certificate(station, profile->certificates[i]))
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

void station_certificate_facts(const Station *station, InterlockFacts *facts)
{
	json_t *row;
	size_t i;

	if (!station->view.badge[0])
		return;
	facts->missing_certificate = missing_certificate(station);
	json_array_foreach (station_fact(station, STATION_FACT_CERTIFICATIONS), i, row) {
		const char *name = text_of(row, "certificate");

		if (strcasecmp(text_of(row, "badge"), station->view.badge) != 0 ||
			find_certificate(station, name) != row)
			continue;
		if (station_is_past(station, text_of(row, "expiry")))
			facts->lapsed_certificate = name;
		if (!is_asked_for(&station->profile, name))
			facts->other_certificate = name;
	}
}

/* ---- biological tests ---- */

typedef struct DueTest {
	const char *sterilizer, *due, *reason;
	bool overdue, soon;
} DueTest;

/** What makes a test due, for people. */
static const char *explain(const char *reason)
{
	static const struct {
		const char *reason, *text;
	} reasons[] = {
		{ "failed", "the last one failed" },
		{ "installation", "none has passed since it was installed" },
		{ "repair", "none has passed since its repair" },
		{ "cycles", "too many cycles since the last one" },
	};

	for (size_t i = 0; i < ELEMENTS(reasons); i++)
		if (strcmp(reasons[i].reason, reason) == 0)
			return reasons[i].text;
	return "they are due at intervals";
}

/** The most pressing one; rows come by the day on which they are due. */
static bool next_test(const Station *station, DueTest *ret)
{
	json_t *row = json_array_get(station_fact(station, STATION_FACT_DUE), 0);
	int64_t now = clock_read(station->options.clock).utc_us, day;
	DueTest test = {
		.sterilizer = json_string_value(json_object_get(row, "sterilizer")),
		.due = json_string_value(json_object_get(row, "due")),
		.reason = json_string_value(json_object_get(row, "reason")),
	};

	if (!test.sterilizer || !test.due || !test.reason || clock_parse_utc(test.due, &day) < 0)
		return false;
	test.overdue = station_is_past(station, test.due);
	test.soon = day <= now + (int64_t)station->profile.remind_days * USEC_PER_DAY;
	*ret = test;
	return true;
}

bool station_test_overdue(const Station *station, const char **ret_sterilizer, const char **ret_due)
{
	DueTest test;

	if (!next_test(station, &test) || !test.overdue)
		return false;
	*ret_sterilizer = test.sterilizer;
	*ret_due = test.due;
	return true;
}

void station_watch_tests(Station *station)
{
	char text[sizeof station->told_of_test];
	DueTest test;

	if (!next_test(station, &test) || (!test.soon && !test.overdue)) {
		station->told_of_test[0] = '\0';
		return;
	}
	snprintf(text, sizeof text, "the biological test of steriliser %.96s %s due on %s (%s): run it%s",
		test.sterilizer, test.overdue ? "was" : "is", test.due, explain(test.reason),
		test.overdue ? "; until then nothing is armed" : "");
	if (strcmp(station->told_of_test, text) == 0)
		return;
	snprintf(station->told_of_test, sizeof station->told_of_test, "%s", text);
	log_warning("%s", text);
	station_alert_about(station, test.overdue ? STATION_ALERT_TEST_OVERDUE : STATION_ALERT_TEST_DUE, text,
		json_pack("{s:s, s:s}", "sterilizer", test.sterilizer, "due", test.due));
}

void station_check_tests(const Station *station, StationCheck *check)
{
	DueTest test;

	if (!next_test(station, &test)) {
		snprintf(check->text, sizeof check->text, "profile %s, no biological test is due",
			station->profile.name);
		return;
	}
	check->level = test.overdue ? 2 : test.soon;
	snprintf(check->text, sizeof check->text,
		"profile %s, biological test of steriliser %.96s %s due on %s (%s)", station->profile.name,
		test.sterilizer, test.overdue ? "was" : "is", test.due, explain(test.reason));
	if (check->level)
		snprintf(check->advice, sizeof check->advice,
			"run it, then `stipplectl sterilizer indicator` with its result");
}
