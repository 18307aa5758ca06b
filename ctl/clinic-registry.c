/* SPDX-License-Identifier: Apache-2.0 */

/** Reads and verifies the registry's log. It must believe nothing of a leaf before the root is compared. */

#include "clinic-registry.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "commands.h"
#include "tlog/checkpoint.h"

/* ---- keys ---- */

int clinic_pinned_keys(const ClinicAccess *access, KnownKeys *ret)
{
	const Ctl given = { .key = access->keys };

	bool none = access->keys[strspn(access->keys, " \n")] == '\0';

	return proof_read_keys(none ? &(Ctl){ 0 } : &given, ret);
}

void registry_log_done(RegistryLog *log)
{
	free(log->note);
	json_decref(log->keys);
	json_decref(log->holders);
	json_decref(log->ranges);
}

static void tell_registry_finding(RegistryLog *log, const char *kind, const char *station, const char *says)
{
	if (log->finding)
		log->finding(log->userdata, kind, station, says);
}

/* ---- leaves ---- */

/** The origin that holds a cartridge after the leaves so far; NULL: nobody. */
static const char *holder_of(const RegistryLog *log, const char *unit)
{
	const json_t *holders = json_object_get(log->holders, unit);

	return json_string_value(json_array_get(json_array_get(holders, json_array_size(holders) - 1), 1));
}

/** Whether a range gives the number of a lot's unit, `LOT#NUMBER`. */
static bool range_has(const json_t *range, const char *origin, const char *unit)
{
	const char *lot = json_string_value(json_array_get(range, 2));
	size_t length = strlen(lot);
	uint64_t number;

	return strcmp(json_string_value(json_array_get(range, 1)), origin) == 0 &&
	       strncmp(unit, lot, length) == 0 && unit[length] == '#' &&
	       ctl_parse_number(unit + length + 1, 0, INT64_MAX, &number) &&
	       number >= (uint64_t)json_integer_value(json_array_get(range, 3)) &&
	       number <= (uint64_t)json_integer_value(json_array_get(range, 4));
}

/** Whether a station holds a cartridge after the leaves so far. */
static bool is_held_by(const RegistryLog *log, const char *unit, const char *origin)
{
	const char *holder = holder_of(log, unit);
	const json_t *range;
	size_t i;

	if (holder)
		return strcmp(holder, origin) == 0;
	json_array_foreach (log->ranges, i, range)
		if (range_has(range, origin, unit))
			return true;
	return false;
}

static void give_unit(RegistryLog *log, uint64_t seq, const char *unit, const char *to)
{
	json_t *holders = json_object_get(log->holders, unit);

	if (!holders) {
		holders = json_array();
		json_object_set_new(log->holders, unit, holders);
	}
	json_array_append_new(holders, json_pack("[I, s]", (json_int_t)seq, to));
}

static void judge_grant(RegistryLog *log, uint64_t seq, const char *unit, const char *to)
{
	const char *holder = holder_of(log, unit);
	_cleanup_(freep) char *says = NULL;

	if (holder &&
		asprintf(&says, "leaf %" PRIu64 " grants %s, which %s holds already", seq, unit, holder) >= 0)
		tell_registry_finding(log, "granted-twice", to, says);
	give_unit(log, seq, unit, to);
}

static void judge_move(RegistryLog *log, uint64_t seq, const char *unit, const char *from, const char *to)
{
	_cleanup_(freep) char *says = NULL;

	if (!is_held_by(log, unit, from) &&
		asprintf(&says, "leaf %" PRIu64 " moves %s from %s, which does not hold it", seq, unit,
			from) >= 0)
		tell_registry_finding(log, "moved-by-another", from, says);
	give_unit(log, seq, unit, to);
}

static void judge_range(RegistryLog *log, uint64_t seq, const json_t *leaf, const char *to)
{
	const char *unit = json_string_value(json_object_get(leaf, "unit"));
	json_int_t first = json_integer_value(json_object_get(leaf, "first"));
	json_int_t last = json_integer_value(json_object_get(leaf, "last"));
	_cleanup_(freep) char *says = NULL;
	const json_t *range;
	size_t i;

	if (!unit)
		return;
	json_array_foreach (log->ranges, i, range)
		if (!says && strcmp(json_string_value(json_array_get(range, 2)), unit) == 0 &&
			first <= json_integer_value(json_array_get(range, 4)) &&
			last >= json_integer_value(json_array_get(range, 3)) &&
			asprintf(&says, "leaf %" PRIu64 " grants numbers of %s that leaf %" PRIu64 " granted",
				seq, unit, (uint64_t)json_integer_value(json_array_get(range, 0))) < 0)
			says = NULL;
	if (says)
		tell_registry_finding(log, "granted-twice", to, says);
	json_array_append_new(
		log->ranges, json_pack("[I, s, s, I, I]", (json_int_t)seq, to, unit, first, last));
}

static void judge_units(RegistryLog *log, uint64_t seq, const json_t *leaf, const char *from, const char *to)
{
	const json_t *unit;
	size_t i;

	json_array_foreach (json_object_get(leaf, "units"), i, unit)
		if (json_is_string(unit) && from)
			judge_move(log, seq, json_string_value(unit), from, to);
		else if (json_is_string(unit))
			judge_grant(log, seq, json_string_value(unit), to);
}

/** A leaf of a kind that is not known here says nothing about keys and cartridges. */
static void judge_leaf(RegistryLog *log, uint64_t seq, const json_t *leaf)
{
	const char *kind = json_string_value(json_object_get(leaf, "kind"));
	const char *station = json_string_value(json_object_get(leaf, "station"));
	const char *to = json_string_value(json_object_get(leaf, "to"));

	if (!kind || !station)
		return;
	if (strcmp(kind, "station.enrolled") == 0) {
		json_object_set(log->keys, station, json_object_get(leaf, "key"));
	} else if (strcmp(kind, "units.granted") == 0) {
		judge_units(log, seq, leaf, NULL, station);
	} else if (strcmp(kind, "units.moved") == 0 && to) {
		judge_units(log, seq, leaf, station, to);
	} else if (strcmp(kind, "range.granted") == 0) {
		judge_range(log, seq, leaf, station);
	}
}

static int take_registry_head(void *userdata, const json_t *head, Error *error)
{
	RegistryLog *log = userdata;
	const char *note = json_string_value(json_object_get(head, "checkpoint"));

	log->note = note ? strdup(note) : NULL;
	return log->note ? 0
			 : error_set(error, -EBADMSG, "what came is no registry's log: it has no checkpoint");
}

static int take_registry_leaf(void *userdata, const json_t *row, Error *error)
{
	RegistryLog *log = userdata;
	const json_t *text = json_object_get(row, "leaf"), *seq = json_object_get(row, "seq");
	json_auto_t *leaf = json_is_string(text) ? json_loads(json_string_value(text), 0, NULL) : NULL;
	MerkleHash hash;

	if (!leaf || !json_is_integer(seq) || (uint64_t)json_integer_value(seq) != log->tree.size)
		return error_set(
			error, -EBADMSG, "leaf %" PRIu64 " of the registry's log is missing", log->tree.size);
	judge_leaf(log, log->tree.size, leaf);
	merkle_hash_leaf(json_string_value(text), json_string_length(text), &hash);
	return merkle_append(&log->tree, &hash, NULL, NULL);
}

/** The root of what came is the one that a pinned key signed. */
static int compare_registry_root(RegistryLog *log, Error *error)
{
	Checkpoint checkpoint;
	MerkleHash root;
	int r;

	if (log->tree.size == 0 && !log->note[0])
		return 0;
	r = checkpoint_open(log->note, strlen(log->note), log->pinned->keys, log->pinned->n, NULL,
		&checkpoint, NULL, error);
	if (r < 0)
		return r;
	merkle_tree_root(&log->tree, &root);
	if (checkpoint.size != log->tree.size || !merkle_hash_equal(&root, &checkpoint.root))
		return error_set(error, -EBADMSG,
			"the leaves that came are not the registry's log that %.100s signed",
			checkpoint.origin);
	snprintf(log->origin, sizeof log->origin, "%s", checkpoint.origin);
	return 0;
}

int registry_log_read(
	RegistryLog *log, const ClinicAccess *access, const char *file, FILE *copy, Error *error)
{
	const ClinicReading reading = {
		.head = take_registry_head, .row = take_registry_leaf, .copy = copy, .userdata = log
	};
	int r;

	log->keys = json_object();
	log->holders = json_object();
	log->ranges = json_array();
	if (!log->keys || !log->holders || !log->ranges)
		return error_set(error, -ENOMEM, "out of memory");
	r = file ? clinic_read_saved(file, &reading, error)
		 : clinic_read_lines(access, "/audit/registry", &reading, error);
	return r < 0 ? r : compare_registry_root(log, error);
}

/* ---- claims ---- */

bool registry_log_grants(const RegistryLog *log, uint64_t grant, const char *origin, const char *unit)
{
	const json_t *holder, *range;
	size_t i;

	json_array_foreach (json_object_get(log->holders, unit), i, holder)
		if ((uint64_t)json_integer_value(json_array_get(holder, 0)) == grant)
			return strcmp(json_string_value(json_array_get(holder, 1)), origin) == 0;
	json_array_foreach (log->ranges, i, range)
		if ((uint64_t)json_integer_value(json_array_get(range, 0)) == grant &&
			range_has(range, origin, unit))
			return true;
	return false;
}
