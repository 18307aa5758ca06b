/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Opens leaves of the registry's log and makes their records. What is not covered by the registry's signature
 * must not get further than this file.
 */

#include "registry/registry-leaf.h"

#include <stdio.h>
#include <string.h>

#include "record/record.h"
#include "tlog/proof.h"

static const char *leaf_text(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));

	return text ? text : "";
}

void leaf_record_clear(LeafRecord *record)
{
	json_decref(record->body);
	memset(record, 0, sizeof *record);
}

/* ---- whether the registry signed it ---- */

static int check_proof_of_leaf(const NoteVerifier *key, uint64_t seq, const RegistryBytes *leaf,
	const RegistryBytes *text, Error *error)
{
	_cleanup_(inclusion_proof_done) InclusionProof proof = { 0 };
	int r = inclusion_proof_parse(text->data, text->size, &proof, error);

	if (r < 0)
		return r;
	if (proof.index != seq)
		return error_set(
			error, -EBADMSG, "its proof is of leaf %llu", (unsigned long long)proof.index);
	return inclusion_proof_verify(&proof, leaf->data, leaf->size, key, 1, key->name, NULL, error);
}

int leaf_open(const NoteVerifier *key, uint64_t seq, const RegistryBytes *leaf, const RegistryBytes *proof,
	json_t **ret, Error *error)
{
	Error why = { 0 };
	json_t *opened;
	int r = check_proof_of_leaf(key, seq, leaf, proof, &why);

	if (r == -ENOMEM)
		return r;
	if (r < 0)
		return error_set(error, -EBADMSG,
			"leaf %llu is not what the clinic's registry signed: %.300s", (unsigned long long)seq,
			why.text);
	opened = json_loadb(leaf->data, leaf->size, JSON_REJECT_DUPLICATES, NULL);
	if (!json_is_object(opened)) {
		json_decref(opened);
		return error_set(error, -EBADMSG, "leaf %llu of the clinic's registry is no object of JSON",
			(unsigned long long)seq);
	}
	*ret = opened;
	return 0;
}

/* ---- the record that it makes ---- */

/** Whether a leaf that is no shared record concerns the station. */
static bool is_for_station(const json_t *leaf, const char *origin)
{
	const char *kind = leaf_text(leaf, "kind");

	return strcmp(kind, "station.enrolled") == 0 || strcmp(leaf_text(leaf, "station"), origin) == 0 ||
	       (strcmp(kind, "units.moved") == 0 && strcmp(leaf_text(leaf, "to"), origin) == 0);
}

static int keep_leaf(
	uint64_t seq, const RegistryBytes *leaf, const RegistryBytes *proof, LeafRecord *ret, Error *error)
{
	/* both are text: the one was parsed as JSON, the other as a proof */
	ret->body = json_pack("{s:I, s:s, s:s%, s:s%}", "number", (json_int_t)seq, "kind", ret->of, "leaf",
		(const char *)leaf->data, leaf->size, "proof", (const char *)proof->data, proof->size);
	if (!ret->body)
		return error_set(
			error, -EINVAL, "leaf %llu has bytes that are no text", (unsigned long long)seq);
	ret->kind = "clinic.leaf";
	ret->actor = "station";
	return 0;
}

/** Adds where the record comes from. -EINVAL when it says that itself: then it was shared before. */
static int add_source(LeafRecord *ret, const json_t *record, uint64_t seq, Error *error)
{
	const char *entered = leaf_text(record, "utc"), *by = leaf_text(record, "actor");

	if (json_object_get(ret->body, "from"))
		return error_set(error, -EINVAL, "record %.280s was shared before", ret->from);
	if (json_object_set_new(ret->body, "from", json_string(ret->from)) < 0 ||
		(*entered && json_object_set_new(ret->body, "entered", json_string(entered)) < 0) ||
		(*by && json_object_set_new(ret->body, "entered_by", json_string(by)) < 0) ||
		json_object_set_new(ret->body, "leaf", json_integer((json_int_t)seq)) < 0)
		return -ENOMEM;
	return 0;
}

static int share_record(json_t *leaf, const char *origin, uint64_t seq, LeafRecord *ret, Error *error)
{
	json_t *record = json_object_get(leaf, "record"), *body = json_object_get(record, "body");
	const char *station = leaf_text(leaf, "station"), *name = leaf_text(record, "kind");
	json_int_t number = json_integer_value(json_object_get(leaf, "seq"));
	const RecordKind *kind = record_kind_find(name);
	int r;

	snprintf(ret->of, sizeof ret->of, "%s", name);
	snprintf(ret->from, sizeof ret->from, "%.*s %lld", NOTE_NAME_MAX - 1, station, (long long)number);
	if (strcmp(station, origin) == 0)
		return 0;
	if (!kind || !kind->shared)
		return error_set(error, -EINVAL,
			"record %.280s of another station is of kind \"%.64s\", which is not shared here: update this station",
			ret->from, name);
	if (!json_is_object(body) || number < 1 ||
		number != json_integer_value(json_object_get(record, "seq")))
		return error_set(error, -EINVAL,
			"record %.280s of another station is damaged: tell the administrator", ret->from);
	ret->body = json_copy(body);
	r = ret->body ? add_source(ret, record, seq, error) : -ENOMEM;
	if (r < 0) {
		json_decref(TAKE_PTR(ret->body));
		return r;
	}
	ret->kind = kind->name;
	ret->actor = "clinic"; /* who it was is nobody here */
	return 0;
}

int leaf_to_record(json_t *opened, const char *origin, uint64_t seq, const RegistryBytes *leaf,
	const RegistryBytes *proof, LeafRecord *ret, Error *error)
{
	const char *kind = leaf_text(opened, "kind");

	*ret = (LeafRecord){ 0 };
	snprintf(ret->of, sizeof ret->of, "%s", kind);
	if (strcmp(kind, "record.shared") == 0)
		return share_record(opened, origin, seq, ret, error);
	return is_for_station(opened, origin) ? keep_leaf(seq, leaf, proof, ret, error) : 0;
}
