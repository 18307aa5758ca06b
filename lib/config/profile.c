/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Makes a checked compliance profile from the entries of its file. It opens no file. It has no defaults: a
 * key that is not set is refused.
 */

#include "config/profile.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/ini-file.h"

static const char *const proof_names[] = {
	[PROFILE_MECHANICAL] = "mechanical",
	[PROFILE_PRESSURE] = "pressure",
	[PROFILE_INTEGRATOR] = "integrator",
	[PROFILE_CHEMICAL] = "chemical",
	[PROFILE_CONTENTS] = "contents",
	[PROFILE_RELEASE] = "release",
	[PROFILE_ITEMS] = "items",
	[PROFILE_INITIALS] = "initials",
	[PROFILE_AUTHORITY] = "authority",
	[PROFILE_NOTIFIED] = "notified",
	[PROFILE_CERTIFICATE] = "certificate",
	[PROFILE_MEMBRANE] = "membrane",
	[PROFILE_PIGMENT] = "pigment",
	[PROFILE_INK_LABEL] = "ink_label",
	[PROFILE_CONSENT] = "consent",
	[PROFILE_SCREENING] = "screening",
	[PROFILE_SIGNATURE] = "signature",
	[PROFILE_CLIENT_SIGNATURE] = "client_signature",
	[PROFILE_NEEDLES_SEALED] = "needles_sealed",
	[PROFILE_CARE_SHEET] = "care_sheet",
	[PROFILE_COPY] = "copy",
	[PROFILE_DISPOSAL] = "disposal",
};
static_assert(ELEMENTS(proof_names) == PROFILE_PROOF_MAX, "every proof has a name");

DEFINE_STRING_TABLE(profile_proof, ProfileProof, proof_names);

static const char *const records_names[] = {
	[PROFILE_STERILIZATION] = "sterilization",
	[PROFILE_NEEDLES] = "needles",
	[PROFILE_PIGMENTS] = "pigments",
	[PROFILE_SESSIONS] = "sessions",
	[PROFILE_OPERATORS] = "operators",
	[PROFILE_INCIDENTS] = "incidents",
};
static_assert(ELEMENTS(records_names) == PROFILE_RECORDS_MAX, "every group of records has a name");

DEFINE_STRING_TABLE(profile_records, ProfileRecords, records_names);

/* ---- values ---- */

typedef struct Key {
	const char *section, *key;
	int (*set)(Profile *profile, const struct Key *key, const char *value, Error *error);
	size_t offset;
	uint32_t min, max;
} Key;

static void *field_of(Profile *profile, const Key *key)
{
	return (char *)profile + key->offset;
}

static int set_profile_number(Profile *profile, const Key *key, const char *value, Error *error)
{
	return ini_number(value, key->min, key->max, field_of(profile, key), error);
}

static int set_profile_boolean(Profile *profile, const Key *key, const char *value, Error *error)
{
	bool yes = strcmp(value, "yes") == 0;

	if (!yes && strcmp(value, "no") != 0)
		return error_set(error, -EINVAL, "\"%.40s\" is neither yes nor no", value);
	*(bool *)field_of(profile, key) = yes;
	return 0;
}

static int set_title(Profile *profile, const Key *key, const char *value, Error *error)
{
	if (!text_is_printable(value, sizeof profile->title - 1))
		return error_set(
			error, -EINVAL, "a title of 1 to %zu bytes is needed", sizeof profile->title - 1);
	snprintf(profile->title, sizeof profile->title, "%s", value);
	return 0;
}

/** "3 years" or "90 days". */
static int set_term(Profile *profile, const Key *key, const char *value, Error *error)
{
	char *unit;
	unsigned long number = strtoul(value, &unit, 10), days = 0;

	if (value[0] >= '0' && value[0] <= '9' && number <= 36600) {
		if (strcmp(unit, " years") == 0 || strcmp(unit, " year") == 0)
			days = number * PROFILE_YEAR_DAYS;
		else if (strcmp(unit, " days") == 0)
			days = number;
	}
	if (days < key->min || days > key->max)
		return error_set(error, -EINVAL,
			"\"%.40s\" is no term such as \"3 years\" or \"90 days\", of up to 100 years", value);
	*(uint32_t *)field_of(profile, key) = (uint32_t)days;
	return 0;
}

/** Events after which tests must pass in a row; in the order of the man page. */
static const char events[] =
	"installation repair relocation returned power-cut failure repeated-failure unused";

/** Words of `known` separated by commas, kept separated by blanks; or "none". */
static int read_words(const char *value, const char *known, char ret[PROFILE_WORDS_MAX], Error *error)
{
	char made[PROFILE_WORDS_MAX] = "", word[32];

	for (const char *s = strcmp(value, "none") == 0 ? "" : value; *s; s += strspn(s, ", ")) {
		size_t length = strcspn(s, ", "), used = strlen(made);

		snprintf(word, sizeof word, "%.*s", (int)length, s);
		if (!text_list_has(known, word) || text_list_has(made, word))
			return error_set(error, -EINVAL,
				"\"%.40s\" is no list of other words of these, separated by commas: none, %s",
				value, known);
		snprintf(made + used, sizeof made - used, "%s%s", used ? " " : "", word);
		s += length;
	}
	if (!made[0] && strcmp(value, "none") != 0)
		return error_set(error, -EINVAL, "write none, or of these, separated by commas: %s", known);
	memcpy(ret, made, sizeof made);
	return 0;
}

/** The kinds and severities of records/subject.toml, and the fields of a report
 * (ctl/report/incident-form.c). */
static const char incidents[] = "adverse-reaction complication sharps-injury",
		  severities[] = "minor moderate severe",
		  report_fields[] =
			  "client contact studio artist date colours site practitioner sought other";

static int set_incidents(Profile *profile, const Key *key, const char *value, Error *error)
{
	return read_words(value, incidents, field_of(profile, key), error);
}

static int set_fields(Profile *profile, const Key *key, const char *value, Error *error)
{
	return read_words(value, report_fields, field_of(profile, key), error);
}

static int set_severity(Profile *profile, const Key *key, const char *value, Error *error)
{
	if (!text_list_has(severities, value))
		return error_set(error, -EINVAL, "\"%.40s\" is none of: %s", value, severities);
	snprintf(profile->report_from, sizeof profile->report_from, "%s", value);
	return 0;
}

static int set_authority(Profile *profile, const Key *key, const char *value, Error *error)
{
	if (!text_is_printable(value, sizeof profile->report_to - 1))
		return error_set(error, -EINVAL, "a name of 1 to %zu bytes, or none, is needed",
			sizeof profile->report_to - 1);
	snprintf(
		profile->report_to, sizeof profile->report_to, "%s", strcmp(value, "none") == 0 ? "" : value);
	return 0;
}

/** "5 working days" or "24 hours"; "none". */
static int set_within(Profile *profile, const Key *key, const char *value, Error *error)
{
	char *unit;
	unsigned long number = strtoul(value, &unit, 10);
	bool digits = value[0] >= '0' && value[0] <= '9' && number <= 1000;
	bool days = digits && (strcmp(unit, " working days") == 0 || strcmp(unit, " working day") == 0);
	bool hours = digits && number > 0 && (strcmp(unit, " hours") == 0 || strcmp(unit, " hour") == 0);

	if (!days && !hours && strcmp(value, "none") != 0)
		return error_set(error, -EINVAL,
			"\"%.40s\" is no term such as \"5 working days\" or \"24 hours\", of up to 1000, nor none",
			value);
	profile->reports = days || hours;
	profile->report_days = days ? (uint32_t)number : 0;
	profile->report_hours = hours ? (uint32_t)number : 0;
	return 0;
}

static int set_events(Profile *profile, const Key *key, const char *value, Error *error)
{
	return read_words(value, events, field_of(profile, key), error);
}

/** Where the names of a list go. */
typedef struct NameList {
	char *names; /* `max` names of `size` bytes each */
	size_t size, max, n;
	const char *what; /* one of them, with its article */
} NameList;

static int take_listed_name(NameList *list, const char *text, size_t length, Error *error)
{
	if (list->n == list->max)
		return error_set(
			error, -EINVAL, "more than %zu names: %s is one each", list->max, list->what);
	if (length == 0 || length >= list->size)
		return error_set(error, -EINVAL,
			"the name of %s has 1 to %zu bytes: write NAME, NAME or none", list->what,
			list->size - 1);
	memcpy(list->names + list->n * list->size, text, length);
	list->n++;
	return 0;
}

/** Names separated by commas; or "none". */
static int read_names(NameList *list, const char *value, Error *error)
{
	bool none = strcmp(value, "none") == 0;

	for (const char *s = none ? "" : value; *s; s += strspn(s, ", ")) {
		size_t length = strcspn(s, ",");
		int r = take_listed_name(list, s, length, error);

		if (r < 0)
			return r;
		s += length;
	}
	if (list->n == 0 && !none)
		return error_set(error, -EINVAL, "write names separated by commas, or none");
	return 0;
}

static int set_certificates(Profile *profile, const Key *key, const char *value, Error *error)
{
	char names[PROFILE_CERTIFICATES_MAX][sizeof profile->certificates[0]] = { "" };
	NameList list = { names[0], sizeof names[0], PROFILE_CERTIFICATES_MAX, .what = "a certificate" };
	int r = read_names(&list, value, error);

	if (r < 0)
		return r;
	memcpy(profile->certificates, names, sizeof names);
	profile->n_certificates = list.n;
	return 0;
}

/** The question i of the list has words, and is not there twice. */
static int check_question(char names[][HEALTH_QUESTION_MAX], size_t i, Error *error)
{
	if (!health_question_find(names[i]))
		return error_set(error, -EINVAL,
			"\"%.40s\" is no question that has words: stipple-profile(5) lists those that have; a protocol may "
			"ask others",
			names[i]);
	for (size_t k = 0; k < i; k++)
		if (strcmp(names[k], names[i]) == 0)
			return error_set(
				error, -EINVAL, "the question \"%s\" is there twice: remove one", names[i]);
	return 0;
}

/** The names of the questions, of those in health-question.c. */
static int set_questions(Profile *profile, const Key *key, const char *value, Error *error)
{
	char names[PROFILE_QUESTIONS_MAX][HEALTH_QUESTION_MAX] = { "" };
	NameList list = { names[0], sizeof names[0], PROFILE_QUESTIONS_MAX, .what = "a question" };
	int r = read_names(&list, value, error);

	if (r < 0)
		return r;
	for (size_t i = 0; i < list.n; i++) {
		r = check_question(names, i, error);
		if (r < 0)
			return r;
	}
	memcpy(profile->client.questions, names, sizeof names);
	profile->client.n_questions = list.n;
	return 0;
}

/** "never", or "notarised from 16": the youngest who may be treated with a guardian's form. */
static int set_minor(Profile *profile, const Key *key, const char *value, Error *error)
{
	static const char form[] = "notarised from ";
	bool never = strcmp(value, "never") == 0;
	uint32_t from = 0;

	if (!never && (strncmp(value, form, sizeof form - 1) != 0 ||
			      ini_number(value + sizeof form - 1, key->min, key->max, &from, NULL) < 0))
		return error_set(error, -EINVAL,
			"\"%.40s\" is neither never nor such as \"notarised from 16\", of %u to %u years",
			value, key->min, key->max);
	profile->client.minor_from = from;
	return 0;
}

/* ---- keys ---- */

#define AT(member)    offsetof(Profile, member)
#define PROOF(proof)  { "proofs", NULL, set_profile_boolean, AT(proofs) + sizeof(bool) * (proof), 0, 0 }
#define TERM(records) { "retention", NULL, set_term, AT(keep_days) + sizeof(uint32_t) * (records), 1, 36600 }

static const Key keys[] = {
	{ "profile", "title", set_title, 0, 0, 0 },
	{ "biological", "days", set_profile_number, AT(biological_days), 0, 366 },
	{ "biological", "cycles", set_profile_number, AT(biological_cycles), 0, 10000 },
	{ "biological", "remind_days", set_profile_number, AT(remind_days), 0, 60 },
	{ "biological", "after_installation", set_profile_boolean, AT(after_installation), 0, 0 },
	{ "biological", "after_repair", set_profile_boolean, AT(after_repair), 0, 0 },
	{ "biological", "in_a_row", set_profile_number, AT(in_a_row), 1, 9 },
	{ "biological", "in_a_row_after", set_events, AT(in_a_row_after), 0, 0 },
	{ "biological", "unused_days", set_profile_number, AT(unused_days), 0, 366 },
	{ "biological", "reprocess", set_profile_boolean, AT(reprocess), 0, 0 },
	{ "cycle", "sterile_days", set_profile_number, AT(sterile_days), 1, 3660 },
	{ "cycle", "penetration_test", set_profile_boolean, AT(penetration_test), 0, 0 },
	{ "cycle", "leak_test_days", set_profile_number, AT(leak_test_days), 0, 366 },
	{ "operator", "certificates", set_certificates, 0, 0, 0 },
	{ "incident", "report_to", set_authority, 0, 0, 0 },
	{ "incident", "report_within", set_within, 0, 0, 0 },
	{ "incident", "report_of", set_incidents, AT(report_of), 0, 0 },
	{ "incident", "report_from", set_severity, 0, 0, 0 },
	{ "incident", "report_form", set_fields, AT(report_form), 0, 0 },
	{ "client", "registration", set_profile_boolean, AT(client.registration), 0, 0 },
	{ "client", "name", set_profile_boolean, AT(client.name), 0, 0 },
	{ "client", "contact", set_profile_boolean, AT(client.contact), 0, 0 },
	{ "client", "birth_date", set_profile_boolean, AT(client.birth_date), 0, 0 },
	{ "client", "identity", set_profile_boolean, AT(client.identity), 0, 0 },
	{ "client", "minimum_age", set_profile_number, AT(client.minimum_age), 0, 21 },
	{ "client", "minor", set_minor, 0, 1, 20 },
	{ "client", "questions", set_questions, 0, 0, 0 },
	{ "anaesthetic", "lidocaine_free_percent", set_profile_number, AT(lidocaine_free_percent), 0, 100 },
	/* these keys are the names in their string tables */
	PROOF(PROFILE_MECHANICAL),
	PROOF(PROFILE_PRESSURE),
	PROOF(PROFILE_INTEGRATOR),
	PROOF(PROFILE_CHEMICAL),
	PROOF(PROFILE_CONTENTS),
	PROOF(PROFILE_RELEASE),
	PROOF(PROFILE_ITEMS),
	PROOF(PROFILE_INITIALS),
	PROOF(PROFILE_AUTHORITY),
	PROOF(PROFILE_NOTIFIED),
	PROOF(PROFILE_CERTIFICATE),
	PROOF(PROFILE_MEMBRANE),
	PROOF(PROFILE_PIGMENT),
	PROOF(PROFILE_INK_LABEL),
	PROOF(PROFILE_CONSENT),
	PROOF(PROFILE_SCREENING),
	PROOF(PROFILE_SIGNATURE),
	PROOF(PROFILE_CLIENT_SIGNATURE),
	PROOF(PROFILE_NEEDLES_SEALED),
	PROOF(PROFILE_CARE_SHEET),
	PROOF(PROFILE_COPY),
	PROOF(PROFILE_DISPOSAL),
	TERM(PROFILE_STERILIZATION),
	TERM(PROFILE_NEEDLES),
	TERM(PROFILE_PIGMENTS),
	TERM(PROFILE_SESSIONS),
	TERM(PROFILE_OPERATORS),
	TERM(PROFILE_INCIDENTS),
};
static_assert(
	ELEMENTS(keys) == 28 + PROFILE_PROOF_MAX + PROFILE_RECORDS_MAX, "every proof and term has a key");
static_assert(ELEMENTS(keys) <= 64, "a bit for each key");

static const char *name_of_key(const Key *key)
{
	if (key->key)
		return key->key;
	if (key->set == set_profile_boolean)
		return proof_names[(key->offset - AT(proofs)) / sizeof(bool)];
	return records_names[(key->offset - AT(keep_days)) / sizeof(uint32_t)];
}

void profile_draft_init(ProfileDraft *draft, const char *name)
{
	memset(draft, 0, sizeof *draft);
	snprintf(draft->profile.name, sizeof draft->profile.name, "%s", name);
}

int profile_draft_set(
	ProfileDraft *draft, const char *section, const char *key, const char *value, Error *error)
{
	bool known = false;

	for (size_t i = 0; i < ELEMENTS(keys); i++) {
		int r;

		if (strcmp(keys[i].section, section) != 0)
			continue;
		known = true;
		if (strcmp(name_of_key(&keys[i]), key) != 0)
			continue;
		r = keys[i].set(&draft->profile, &keys[i], value, error);
		if (r == 0)
			draft->set |= UINT64_C(1) << i;
		return r;
	}
	if (known)
		return error_set(
			error, -EINVAL, "unknown key in [%s]: remove it or correct its name", section);
	return error_set(error, -EINVAL,
		"unknown section [%.60s]: profile, biological, cycle, client, proofs, operator, incident, retention are known",
		section);
}

int profile_draft_finish(const ProfileDraft *draft, Profile *ret, Error *error)
{
	for (size_t i = 0; i < ELEMENTS(keys); i++)
		if (!(draft->set & UINT64_C(1) << i))
			return error_set(
				error, -EINVAL, "[%s] %s is missing", keys[i].section, name_of_key(&keys[i]));
	if (draft->profile.client.minor_from >= draft->profile.client.minimum_age &&
		draft->profile.client.minor_from > 0)
		return error_set(error, -EINVAL,
			"[client] minor begins at %u, and minimum_age is %u: write a younger age",
			draft->profile.client.minor_from, draft->profile.client.minimum_age);
	*ret = draft->profile;
	return 0;
}

/* ---- for the ledger ---- */

void profile_proofs(const Profile *profile, char *ret, size_t size)
{
	size_t used = 0;

	ret[0] = '\0';
	for (size_t i = 0; i < PROFILE_PROOF_MAX; i++)
		if (profile->proofs[i] && used < size)
			used += (size_t)snprintf(
				ret + used, size - used, "%s%s", used ? " " : "", proof_names[i]);
}

/** Names of `size` bytes each, as JSON. */
static char *names_text(const char *names, size_t size, size_t n)
{
	json_auto_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(names + i * size));
	return list ? json_dumps(list, JSON_COMPACT) : NULL;
}

static char *certificates_text(const Profile *profile)
{
	return names_text(profile->certificates[0], sizeof profile->certificates[0], profile->n_certificates);
}

static char *questions_text(const Profile *profile)
{
	return names_text(profile->client.questions[0], HEALTH_QUESTION_MAX, profile->client.n_questions);
}

/** The number of days that each group of records is kept, as JSON. */
static char *keep_text(const Profile *profile)
{
	json_auto_t *days = json_object();

	for (size_t i = 0; i < PROFILE_RECORDS_MAX; i++)
		json_object_set_new(days, records_names[i], json_integer(profile->keep_days[i]));
	return days ? json_dumps(days, JSON_COMPACT) : NULL;
}

json_t *profile_arguments(const Profile *profile)
{
	_cleanup_(freep) char *certificates = certificates_text(profile),
			      *questions = questions_text(profile), *keep = keep_text(profile);
	char proofs[PROFILE_PROOFS_MAX];

	if (!certificates || !questions || !keep)
		return NULL;
	profile_proofs(profile, proofs, sizeof proofs);
	return json_pack("{s:s, s:i, s:i, s:i, s:i, s:i, s:i, s:s, s:i, s:i, s:i, s:s, s:s, s:s, s:s}",
		"profile", profile->name, "biological_days", (int)profile->biological_days,
		"biological_cycles", (int)profile->biological_cycles, "after_installation",
		(int)profile->after_installation, "after_repair", (int)profile->after_repair, "registration",
		(int)profile->client.registration, "in_a_row", (int)profile->in_a_row, "in_a_row_after",
		profile->in_a_row_after, "unused_days", (int)profile->unused_days, "penetration_test",
		(int)profile->penetration_test, "leak_test_days", (int)profile->leak_test_days, "proofs",
		proofs, "certificates", certificates, "questions", questions, "keep", keep);
}
