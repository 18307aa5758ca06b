/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Writes and checks hand-over notes. It must not read a record or a leaf before its proof has verified, and
 * must not take the giver's word for what the giver held.
 */

#include "clinic/handover-note.h"

#include <string.h>

#include "tlog/proof.h"
#include "util/text.h"

#define BEGINNING "c2sp.org/tlog-proof@"

enum { UNITS_MAX = 200, UNIT_MAX = 128 };

void handover_note_done(HandoverNote *note)
{
	json_decref(TAKE_PTR(note->units));
	json_decref(TAKE_PTR(note->grants));
}

/* ---- writing ---- */

static int append_grant(FILE *stream, const HandoverGrant *grant)
{
	_cleanup_(inclusion_proof_done) InclusionProof proof = { 0 };
	_cleanup_(freep) char *text = NULL;
	int r = inclusion_proof_parse(grant->proof, strlen(grant->proof), &proof, NULL);

	if (r < 0 || proof.extra)
		return -EINVAL;
	proof.extra = (uint8_t *)grant->leaf;
	proof.extra_size = strlen(grant->leaf);
	r = inclusion_proof_write(&proof, &text);
	proof.extra = NULL; /* borrowed */
	return r < 0 ? r : fputs(text, stream) < 0 ? -ENOMEM : 0;
}

static int append_all(FILE *stream, const char *released, const HandoverGrant *grants, size_t n)
{
	_cleanup_(inclusion_proof_done) InclusionProof proof = { 0 };
	int r = inclusion_proof_parse(released, strlen(released), &proof, NULL);

	if (r < 0 || !proof.extra)
		return -EINVAL;
	if (fputs(released, stream) < 0)
		return -ENOMEM;
	for (size_t i = 0; i < n && r >= 0; i++)
		r = append_grant(stream, &grants[i]);
	return r;
}

int handover_note_write(const char *released, const HandoverGrant *grants, size_t n, char **ret)
{
	_cleanup_(freep) char *text = NULL;
	size_t size = 0;
	FILE *stream = open_memstream(&text, &size);
	int r = stream ? append_all(stream, released, grants, n) : -ENOMEM;

	if (stream && fclose(stream) != 0)
		r = -ENOMEM;
	if (r < 0)
		return r;
	if (size > HANDOVER_NOTE_MAX)
		return -EMSGSIZE;
	*ret = TAKE_PTR(text);
	return 0;
}

/* ---- reading ---- */

/** A part of the note's text. */
typedef struct Part {
	const char *text;
	size_t size;
} Part;

/** Takes the next proof off the front: up to the next line that begins one. */
static bool take_note_part(Part *rest, Part *ret)
{
	const char *next = rest->text, *end = rest->text + rest->size;

	if (rest->size == 0)
		return false;
	while ((next = memchr(next, '\n', (size_t)(end - next)))) {
		next++;
		if ((size_t)(end - next) > strlen(BEGINNING) &&
			memcmp(next, BEGINNING, strlen(BEGINNING)) == 0)
			break;
	}
	if (!next)
		next = end;
	*ret = (Part){ rest->text, (size_t)(next - rest->text) };
	*rest = (Part){ next, (size_t)(end - next) };
	return true;
}

/** `key`: NULL reads without verifying. `ret`: the record or leaf that the proof contains; the caller owns
 * it. */
static int open_part(Part part, const NoteVerifier *key, uint64_t *ret_index, json_t **ret, Error *error)
{
	_cleanup_(inclusion_proof_done) InclusionProof proof = { 0 };
	int r = inclusion_proof_parse(part.text, part.size, &proof, error);

	if (r < 0)
		return r;
	if (!proof.extra)
		return error_set(error, -EINVAL, "a proof of the note does not contain what it proves");
	r = key ? inclusion_proof_verify(
			  &proof, proof.extra, proof.extra_size, key, 1, key->name, NULL, error)
		: 0;
	if (r < 0)
		return r;
	*ret = json_loadb((const char *)proof.extra, proof.extra_size, JSON_REJECT_DUPLICATES, NULL);
	*ret_index = proof.index;
	return json_is_object(*ret) ? 0 : error_set(error, -EINVAL, "a proof of the note contains no record");
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

static int first_part(const char *text, size_t size, Part *ret, Part *ret_rest, Error *error)
{
	*ret_rest = (Part){ text, size };
	if (size == 0 || size > HANDOVER_NOTE_MAX || memchr(text, '\0', size) ||
		strncmp(text, BEGINNING, strlen(BEGINNING)) != 0 || !take_note_part(ret_rest, ret))
		return error_set(error, -EINVAL, "this is no hand-over note: scan or copy all of it");
	return 0;
}

int handover_note_giver(const char *text, size_t size, char ret[NOTE_NAME_MAX], Error *error)
{
	_cleanup_(inclusion_proof_done) InclusionProof proof = { 0 };
	size_t text_size;
	Part part, rest;
	Checkpoint checkpoint;
	int r = first_part(text, size, &part, &rest, error);

	r = r < 0 ? r : inclusion_proof_parse(part.text, part.size, &proof, error);
	r = r < 0 ? r : note_read(proof.checkpoint, proof.checkpoint_size, &text_size, error);
	r = r < 0 ? r : checkpoint_parse(proof.checkpoint, text_size, &checkpoint, error);
	if (r >= 0)
		memcpy(ret, checkpoint.origin, sizeof checkpoint.origin);
	return r;
}

/* ---- what the giver held ---- */

static bool has_text(const json_t *list, const char *text)
{
	const json_t *one;
	size_t i;

	json_array_foreach (list, i, one)
		if (json_is_string(one) && strcmp(json_string_value(one), text) == 0)
			return true;
	return false;
}

/** Whether a unit such as (10)L1#7 is one of the numbers of a granted range. */
static bool is_in_range(const json_t *leaf, const char *unit)
{
	const char *lot = text_of(leaf, "unit"), *number = unit + strlen(lot) + 1;
	char *end;
	long long value;

	if (!lot[0] || strncmp(unit, lot, strlen(lot)) != 0 || unit[strlen(lot)] != '#' || *number < '1' ||
		*number > '9')
		return false;
	errno = 0;
	value = strtoll(number, &end, 10);
	return errno == 0 && !*end && value >= json_integer_value(json_object_get(leaf, "first")) &&
	       value <= json_integer_value(json_object_get(leaf, "last"));
}

static bool is_granted(const json_t *leaf, const char *giver, const char *unit)
{
	const char *kind = text_of(leaf, "kind");

	if (strcmp(kind, "units.granted") == 0)
		return strcmp(text_of(leaf, "station"), giver) == 0 &&
		       has_text(json_object_get(leaf, "units"), unit);
	if (strcmp(kind, "units.moved") == 0)
		return strcmp(text_of(leaf, "to"), giver) == 0 &&
		       has_text(json_object_get(leaf, "units"), unit);
	return strcmp(kind, "range.granted") == 0 && strcmp(text_of(leaf, "station"), giver) == 0 &&
	       is_in_range(leaf, unit);
}

/** Takes those units off `left` (unit to the number of its leaf) that this leaf granted to the giver. */
static void strike_off(json_t *left, uint64_t number, const json_t *leaf, const char *giver)
{
	const char *unit;
	json_t *grant;
	void *next;

	json_object_foreach_safe(left, next, unit,
		grant) if ((uint64_t)json_integer_value(grant) == number && is_granted(leaf, giver, unit))
		json_object_del(left, unit);
}

/** The units with the numbers of their leaves. NULL when the lists are not what a note has. */
static json_t *pair_up(const json_t *units, const json_t *grants)
{
	json_auto_t *pairs = json_object();
	const json_t *unit;
	size_t i;

	if (json_array_size(units) < 1 || json_array_size(units) > UNITS_MAX ||
		json_array_size(units) != json_array_size(grants))
		return NULL;
	json_array_foreach (units, i, unit) {
		const json_t *grant = json_array_get(grants, i);
		const char *name = json_string_value(unit);

		if (!name || !text_is_printable(name, UNIT_MAX) || !json_is_integer(grant) ||
			json_integer_value(grant) < 0 || json_object_get(pairs, name) ||
			json_object_set(pairs, name, (json_t *)grant) < 0)
			return NULL;
	}
	return TAKE_PTR(pairs);
}

static int check_grants(Part rest, const NoteVerifier *registry, const HandoverNote *note, Error *error)
{
	json_auto_t *left = pair_up(note->units, note->grants);
	uint64_t number;
	Part part;

	if (!left)
		return error_set(
			error, -EINVAL, "the note's record does not list cartridges and their grants");
	while (take_note_part(&rest, &part)) {
		json_auto_t *leaf = NULL;
		int r = open_part(part, registry, &number, &leaf, error);

		if (r < 0)
			return r;
		strike_off(left, number, leaf, note->giver);
	}
	if (json_object_size(left) == 0)
		return 0;
	return error_set(error, -EREMOTE,
		"the note does not show that %s held cartridge %s: have it moved while both are connected",
		note->giver, json_object_iter_key(json_object_iter(left)));
}

int handover_note_open(const char *text, size_t size, const NoteVerifier *giver, const NoteVerifier *registry,
	HandoverNote *ret, Error *error)
{
	_cleanup_(handover_note_done) HandoverNote note = { 0 };
	json_auto_t *record = NULL;
	const json_t *body;
	Part part, rest;
	uint64_t index;
	int r = first_part(text, size, &part, &rest, error);

	r = r < 0 ? r : open_part(part, giver, &index, &record, error);
	if (r < 0)
		return r;
	body = json_object_get(record, "body");
	if (strcmp(text_of(record, "kind"), "clinic.released") != 0 ||
		strlen(text_of(body, "to")) >= sizeof note.to)
		return error_set(error, -EINVAL, "the note's record gives nothing away");
	note.number = index + 1;
	snprintf(note.giver, sizeof note.giver, "%s", giver->name);
	snprintf(note.to, sizeof note.to, "%s", text_of(body, "to"));
	note.units = json_incref(json_object_get(body, "units"));
	note.grants = json_incref(json_object_get(body, "grants"));
	r = check_grants(rest, registry, &note, error);
	if (r < 0)
		return r;
	*ret = note;
	note.units = note.grants = NULL;
	return 0;
}
