/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Verifies what the ledger says of its clinic, with nothing but the records: each leaf of the registry's log
 * by its proof and the registry's key, each note by the giver's, and each claim under the clinic's rules by
 * the grant in it. It asks no
 * server. The tables that follow from the leaves are compared with the others (verify-beside.c).
 */

#include "ledger/verify-private.h"
#include "ledger/statements.h"

#include <string.h>

#include "clinic/handover-note.h"
#include "tlog/proof.h"

/** Where the registry's leaves are. */
typedef struct LeafPlace {
	uint64_t number, seq;
} LeafPlace;

/** What the records so far say. The objects of JSON are maps by name. */
typedef struct Clinic {
	Verifier *verifier;
	bool joined;
	char station[NOTE_NAME_MAX]; /* the log that the registry knows the station by */
	NoteVerifier registry;
	LeafPlace *places; /* sorted by number */
	size_t n_places;
	json_t *boots; /* confirmed ones, as the keys of an object */
	json_t *gone;  /* unit: the record that gave it away */
	json_t *given; /* unit: how many times a note gave it away and no leaf has said so */
	json_t *keys;  /* station: the key of its log, as the registry enrolled it */
	json_t *noted; /* unit: the leaf by which it was held, where a note brought it */
	json_t *leaf;  /* the one read last, of number `newest` */
	uint64_t newest;
} Clinic;

static void clinic_done(Clinic *clinic)
{
	free(clinic->places);
	json_decref(clinic->boots);
	json_decref(clinic->gone);
	json_decref(clinic->given);
	json_decref(clinic->noted);
	json_decref(clinic->keys);
	json_decref(clinic->leaf);
}

static const char *field_text(const json_t *object, const char *field)
{
	const char *text = json_string_value(json_object_get(object, field));

	return text ? text : "";
}

static uint64_t field_number(const json_t *object, const char *field)
{
	return (uint64_t)json_integer_value(json_object_get(object, field));
}

static bool lists(const json_t *list, const char *unit)
{
	const json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
		if (strcmp(json_string_value(one) ? json_string_value(one) : "", unit) == 0)
			return true;
	return false;
}

/* ---- leaves ---- */

/** The first place with that number or a larger one. */
static size_t find_place(const Clinic *clinic, uint64_t number)
{
	size_t low = 0, high = clinic->n_places;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (clinic->places[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int keep_place(Clinic *clinic, uint64_t number, uint64_t seq)
{
	size_t n = clinic->n_places, at = find_place(clinic, number);
	LeafPlace *grown = clinic->places;

	if ((n & (n - 1)) == 0) /* doubles at powers of two */
		grown = reallocarray(grown, n ? 2 * n : 1, sizeof *grown);
	if (!grown)
		return -ENOMEM;
	clinic->places = grown;
	memmove(grown + at + 1, grown + at, (n - at) * sizeof *grown);
	grown[at] = (LeafPlace){ number, seq };
	clinic->n_places++;
	return 0;
}

/** Why the leaf is not what its record says; false with a finding. */
static bool check_leaf_proof(Clinic *clinic, uint64_t seq, const json_t *body)
{
	const char *leaf = field_text(body, "leaf"), *text = field_text(body, "proof");
	uint64_t number = field_number(body, "number");
	InclusionProof proof = { 0 };
	Error why = { 0 };
	bool sound;

	if (inclusion_proof_parse(text, strlen(text), &proof, &why) < 0) {
		verify_finding(clinic->verifier,
			"record %llu: what is kept as the proof of leaf %llu of the registry's log is none: %.120s",
			(unsigned long long)seq, (unsigned long long)number, why.text);
		return false;
	}
	sound = inclusion_proof_verify(&proof, leaf, strlen(leaf), &clinic->registry, 1,
			clinic->registry.name, NULL, &why) == 0;
	if (!sound)
		verify_finding(clinic->verifier,
			"record %llu: leaf %llu is not proved to be in the registry's log: %.160s",
			(unsigned long long)seq, (unsigned long long)number, why.text);
	else if (proof.index != number)
		verify_finding(clinic->verifier,
			"record %llu is said to be leaf %llu of the registry's log, and is leaf %llu",
			(unsigned long long)seq, (unsigned long long)number, (unsigned long long)proof.index);
	sound = sound && proof.index == number;
	inclusion_proof_done(&proof);
	return sound;
}

static void drop_units(json_t *object, const json_t *units)
{
	const json_t *unit;
	size_t i;

	json_array_foreach (units, i, unit)
		if (json_is_string(unit))
			(void)json_object_del(object, json_string_value(unit));
}

/** The boot id of a leaf has dashes, that of a record none. */
static int keep_boot(Clinic *clinic, const json_t *leaf)
{
	char boot[CLOCK_BOOT_ID_MAX];
	size_t n = 0;

	for (const char *c = field_text(leaf, "boot"); *c && n + 1 < sizeof boot; c++)
		if (*c != '-')
			boot[n++] = *c;
	boot[n] = '\0';
	return json_object_set_new(clinic->boots, boot, json_true()) < 0 ? -ENOMEM : 0;
}

static json_int_t times_given(const Clinic *clinic, const char *unit)
{
	return json_integer_value(json_object_get(clinic->given, unit));
}

static int count_given(Clinic *clinic, const char *unit, json_int_t times)
{
	if (times > 0)
		return json_object_set_new(clinic->given, unit, json_integer(times)) < 0 ? -ENOMEM : 0;
	(void)json_object_del(clinic->given, unit);
	return 0;
}

/** A leaf says that a cartridge goes. What a note gave away is gone since the note, and may be back. */
static int take_going(Clinic *clinic, uint64_t seq, const char *unit)
{
	json_int_t times = times_given(clinic, unit);

	if (times > 0)
		return count_given(clinic, unit, times - 1);
	return json_object_set_new(clinic->gone, unit, json_integer((json_int_t)seq)) < 0 ? -ENOMEM : 0;
}

/** Keeps what a leaf says of cartridges that go or come. */
static int take_move(Clinic *clinic, uint64_t seq, const json_t *leaf, bool goes)
{
	const json_t *unit;
	size_t i;
	int r;

	json_array_foreach (json_object_get(leaf, "units"), i, unit) {
		const char *name = json_string_value(unit) ? json_string_value(unit) : "";

		r = goes ? take_going(clinic, seq, name) : 0;
		if (r < 0)
			return r;
		if (!goes && times_given(clinic, name) == 0)
			(void)json_object_del(clinic->gone, name);
	}
	return 0;
}

/** A station that the registry enrolled without a key keeps the one it had. */
static int keep_key(Clinic *clinic, const json_t *leaf)
{
	json_t *key = json_object_get(leaf, "key");

	if (!json_is_string(key))
		return 0;
	return json_object_set(clinic->keys, field_text(leaf, "station"), key) < 0 ? -ENOMEM : 0;
}

/** Keeps what a leaf says of stations, starts and cartridges. */
static int take_leaf(Clinic *clinic, uint64_t seq, const json_t *leaf)
{
	const char *kind = field_text(leaf, "kind");
	bool ours = strcmp(field_text(leaf, "station"), clinic->station) == 0;

	if (ours && strcmp(kind, "boot.confirmed") == 0)
		return keep_boot(clinic, leaf);
	if (strcmp(kind, "station.enrolled") == 0)
		return keep_key(clinic, leaf);
	if (ours && strcmp(kind, "station.quarantined") == 0)
		json_object_clear(clinic->boots);
	if (ours && strcmp(kind, "units.granted") == 0)
		return take_move(clinic, seq, leaf, false);
	if (strcmp(kind, "units.moved") != 0)
		return 0;
	if (!ours && strcmp(field_text(leaf, "to"), clinic->station) != 0)
		return 0;
	return take_move(clinic, seq, leaf, ours);
}

static int check_leaf_record(Clinic *clinic, uint64_t seq, const json_t *body)
{
	json_auto_t *leaf = json_loads(field_text(body, "leaf"), 0, NULL);

	if (!clinic->joined) {
		verify_finding(clinic->verifier,
			"record %llu has a leaf of a registry's log, and no record before it names the registry",
			(unsigned long long)seq);
		return 0;
	}
	if (!check_leaf_proof(clinic, seq, body))
		return 0;
	clinic->verifier->found->leaves++;
	if (strcmp(field_text(leaf, "kind"), field_text(body, "kind")) != 0) {
		verify_finding(clinic->verifier,
			"record %llu calls its leaf of the registry's log %.40s, and it is %.40s",
			(unsigned long long)seq, field_text(body, "kind"), field_text(leaf, "kind"));
		return 0;
	}
	if (keep_place(clinic, field_number(body, "number"), seq) < 0)
		return -ENOMEM;
	return take_leaf(clinic, seq, leaf);
}

/* ---- claims ---- */

/** Reads a leaf that is on record; NULL with 0: it is not, or not any more. */
static int read_leaf(Clinic *clinic, uint64_t number, const json_t **ret)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	json_auto_t *record = NULL;
	size_t at = find_place(clinic, number);
	int r;

	*ret = NULL;
	if (at == clinic->n_places || clinic->places[at].number != number)
		return 0;
	if (clinic->leaf && clinic->newest == number) {
		*ret = clinic->leaf;
		return 0;
	}
	r = statement_row(&clinic->verifier->statements, "SELECT leaf FROM record WHERE seq = ?",
		clinic->places[at].seq, &row);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	record = leaf_parse(row, 0);
	json_decref(clinic->leaf);
	clinic->leaf = json_loads(field_text(json_object_get(record, "body"), "leaf"), 0, NULL);
	clinic->newest = number;
	*ret = clinic->leaf;
	return 0;
}

/** Whether `unit` is one of the numbers that the leaf grants. */
static bool range_includes(const json_t *leaf, const char *unit)
{
	const char *name = field_text(leaf, "unit");
	size_t length = strlen(name);
	unsigned long long number;
	char again[32];

	if (strncmp(unit, name, length) != 0 || unit[length] != '#')
		return false;
	number = strtoull(unit + length + 1, NULL, 10);
	snprintf(again, sizeof again, "%llu", number);
	return strcmp(again, unit + length + 1) == 0 && number >= field_number(leaf, "first") &&
	       number <= field_number(leaf, "last");
}

static bool leaf_grants(const Clinic *clinic, const json_t *leaf, const char *unit)
{
	const char *kind = field_text(leaf, "kind");
	bool ours = strcmp(field_text(leaf, "station"), clinic->station) == 0;

	if (strcmp(kind, "units.granted") == 0)
		return ours && lists(json_object_get(leaf, "units"), unit);
	if (strcmp(kind, "range.granted") == 0)
		return ours && range_includes(leaf, unit);
	return strcmp(kind, "units.moved") == 0 && strcmp(field_text(leaf, "to"), clinic->station) == 0 &&
	       lists(json_object_get(leaf, "units"), unit);
}

/** Whether a note brought the cartridge, which another station held by that leaf. */
static bool is_noted(const Clinic *clinic, uint64_t number, const char *unit)
{
	const json_t *grant = json_object_get(clinic->noted, unit);

	return grant && (uint64_t)json_integer_value(grant) == number;
}

static int check_grant(Clinic *clinic, uint64_t seq, const json_t *body)
{
	const char *unit = field_text(body, "unit");
	uint64_t number = field_number(body, "grant");
	const json_t *leaf = NULL;
	int r = json_object_get(body, "grant") ? read_leaf(clinic, number, &leaf) : 0;

	if (r < 0 || is_noted(clinic, number, unit))
		return r;
	if (!leaf)
		verify_finding(clinic->verifier,
			"record %llu claims cartridge %.96s by a grant of the registry that is not on record before it",
			(unsigned long long)seq, unit);
	else if (!leaf_grants(clinic, leaf, unit))
		verify_finding(clinic->verifier,
			"record %llu claims cartridge %.96s by leaf %llu of the registry's log, which does not grant it to "
			"this station",
			(unsigned long long)seq, unit, (unsigned long long)number);
	return 0;
}

static int check_claim_record(Clinic *clinic, uint64_t seq, const json_t *record)
{
	const json_t *body = json_object_get(record, "body"), *gone;
	const char *unit = field_text(body, "unit");

	if (!json_is_true(json_object_get(body, "held")))
		return 0;
	gone = json_object_get(clinic->gone, unit);
	if (gone)
		verify_finding(clinic->verifier,
			"record %llu claims cartridge %.96s, which the station gave away before (record %lld)",
			(unsigned long long)seq, unit, (long long)json_integer_value(gone));
	if (!json_object_get(clinic->boots, field_text(record, "boot")))
		verify_finding(clinic->verifier,
			"record %llu claims cartridge %.96s in a start of the station that the registry had not confirmed",
			(unsigned long long)seq, unit);
	return check_grant(clinic, seq, body);
}

/* ---- the station ---- */

static void take_joined(Clinic *clinic, uint64_t seq, const json_t *body)
{
	Error why;

	clinic->joined = note_verifier_parse(field_text(body, "registry"), &clinic->registry, &why) == 0;
	if (!clinic->joined)
		verify_finding(clinic->verifier, "record %llu names a registry whose key is none: %.120s",
			(unsigned long long)seq, why.text);
	if (strcmp(clinic->station, field_text(body, "station")) == 0)
		return;
	snprintf(clinic->station, sizeof clinic->station, "%s", field_text(body, "station"));
	json_object_clear(clinic->boots);
	json_object_clear(clinic->gone);
	json_object_clear(clinic->given);
	json_object_clear(clinic->noted);
}

/** A note gives cartridges away. */
static int take_release(Clinic *clinic, uint64_t seq, const json_t *body)
{
	const json_t *unit;
	size_t i;
	int r;

	json_array_foreach (json_object_get(body, "units"), i, unit) {
		const char *name = json_string_value(unit) ? json_string_value(unit) : "";

		r = count_given(clinic, name, times_given(clinic, name) + 1);
		if (r < 0)
			return r;
		if (json_object_set_new(clinic->gone, name, json_integer((json_int_t)seq)) < 0)
			return -ENOMEM;
	}
	return 0;
}

/** Why the note does not say what its record says; "" when it does. */
static void judge_note(const Clinic *clinic, const json_t *body, DigestPart text, Error *ret)
{
	_cleanup_(handover_note_done) HandoverNote note = { 0 };
	NoteVerifier giver;
	int r = note_verifier_parse(field_text(clinic->keys, field_text(body, "giver")), &giver, ret);

	if (r < 0) {
		(void)error_set(ret, r, "no leaf before it has that station's key");
		return;
	}
	if (handover_note_open(text.data, text.size, &giver, &clinic->registry, &note, ret) < 0)
		return;
	ret->text[0] = '\0';
	if (note.number != field_number(body, "number") || strcmp(note.to, field_text(body, "to")) != 0 ||
		!json_equal(note.units, json_object_get(body, "units")) ||
		!json_equal(note.grants, json_object_get(body, "grants")))
		(void)error_set(ret, -EBADMSG, "the note says something else than the record");
}

/** A missing note is found with the other attachments. */
static int check_received_note(Clinic *clinic, uint64_t seq, const json_t *body)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	Error why = { 0 };
	int r = statement_row(
		&clinic->verifier->statements, "SELECT data FROM attachment WHERE seq = ?", seq, &row);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	judge_note(clinic, body, column_bytes(row, 0), &why);
	if (why.text[0])
		verify_finding(clinic->verifier,
			"record %llu says that %.80s gave cartridges, and the note does not prove it: %.120s",
			(unsigned long long)seq, field_text(body, "giver"), why.text);
	return 0;
}

static int take_note(Clinic *clinic, uint64_t seq, const json_t *body)
{
	const json_t *units = json_object_get(body, "units"), *unit;
	size_t i;
	int r = check_received_note(clinic, seq, body);

	if (r < 0)
		return r;
	drop_units(clinic->gone, units);
	json_array_foreach (units, i, unit)
		if (json_is_string(unit) && json_object_set(clinic->noted, json_string_value(unit),
						    json_array_get(json_object_get(body, "grants"), i)) < 0)
			return -ENOMEM;
	return 0;
}

static int check_clinic_record(void *userdata, sqlite3_stmt *row)
{
	Clinic *clinic = userdata;
	uint64_t seq = (uint64_t)column_integer(row, 0);
	const char *kind = column_string(row, 1);
	json_auto_t *record = leaf_parse(row, 2);
	const json_t *body = json_object_get(record, "body");

	if (strcmp(kind, "needle.claimed") == 0)
		return check_claim_record(clinic, seq, record);
	if (strcmp(kind, "clinic.leaf") == 0)
		return check_leaf_record(clinic, seq, body);
	if (strcmp(kind, "clinic.joined") == 0)
		take_joined(clinic, seq, body);
	else if (strcmp(kind, "ledger.restored") == 0)
		json_object_clear(clinic->boots);
	else if (strcmp(kind, "clinic.released") == 0)
		return take_release(clinic, seq, body);
	else if (strcmp(kind, "clinic.received") == 0)
		return take_note(clinic, seq, body);
	return 0;
}

int verify_clinic(Verifier *verifier)
{
	_cleanup_(clinic_done) Clinic clinic = { .verifier = verifier,
		.boots = json_object(),
		.gone = json_object(),
		.given = json_object(),
		.noted = json_object(),
		.keys = json_object() };

	if (!clinic.boots || !clinic.gone || !clinic.given || !clinic.noted || !clinic.keys)
		return -ENOMEM;
	return verify_each_row(verifier, sql_clinic_records, check_clinic_record, &clinic);
}
