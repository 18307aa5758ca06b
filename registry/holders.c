/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads the leaves of the registry's log. It must not believe that a log is right because it is signed: a
 * cartridge belongs to one station.
 */

#include "holders.h"

#include <string.h>

#include "plain-text.h"
#include "table.h"

enum { UNIT_MAX = 128, BOOT_MAX = 40, FLAW_MAX = 400, NOBODY = 0 };

/** What a leaf is for a daemon. */
typedef enum LeafKind {
	LEAF_NONE,
	LEAF_OWN,    /* concerns the station it names */
	LEAF_MOVE,   /* and another one */
	LEAF_SHARED, /* concerns all others */
	LEAF_ALL,    /* concerns everybody */
} LeafKind;

typedef struct LeafNote {
	uint32_t station, to; /* numbers in `stations`; NOBODY */
	LeafKind kind;
} LeafNote;

typedef struct Chair {
	char *origin;
	char boot[BOOT_MAX]; /* the newest that was confirmed */
} Chair;

typedef struct Range {
	uint64_t first, last;
	uint32_t station;
	uint32_t before; /* the range before of the same unit, from 1; 0 none */
} Range;

struct Holders {
	LeafNote *notes;
	size_t n, room;
	Chair *chairs; /* number NOBODY is unused */
	size_t n_chairs, chairs_room;
	Table *origins; /* hash of an origin: its number */
	Table *units;   /* hash of a unit: the number of its station */
	Table *ranged;  /* hash of a unit without number: its newest range, from 1 */
	Range *ranges;
	size_t n_ranges, ranges_room;
	char flaw[FLAW_MAX];
};

/* ---- stations ---- */

static uint32_t find_chair(const Holders *holders, const char *origin)
{
	uint32_t number;

	return origin && table_get(holders->origins, table_hash(origin), &number) ? number : NOBODY;
}

static uint32_t number_chair(Holders *holders, const char *origin)
{
	uint32_t number = find_chair(holders, origin);

	if (!origin || !*origin || number != NOBODY)
		return number;
	if (holders->n_chairs == holders->chairs_room) {
		size_t room = holders->chairs_room ? 2 * holders->chairs_room : 16;
		Chair *chairs = reallocarray(holders->chairs, room, sizeof *chairs);

		if (!chairs)
			return NOBODY;
		holders->chairs = chairs;
		holders->chairs_room = room;
	}
	if (holders->n_chairs == 0)
		holders->chairs[holders->n_chairs++] = (Chair){ 0 };
	number = (uint32_t)holders->n_chairs;
	holders->chairs[number] = (Chair){ .origin = strdup(origin) };
	if (!holders->chairs[number].origin || table_put(holders->origins, table_hash(origin), number) < 0) {
		free(holders->chairs[number].origin);
		return NOBODY;
	}
	holders->n_chairs++;
	return number;
}

static const char *chair_name(const Holders *holders, uint32_t number)
{
	return number == NOBODY ? "nobody" : holders->chairs[number].origin;
}

/* ---- units ---- */

/** Splits "(10)L1#7" into the hash of "(10)L1" and 7. */
static bool split_unit(const char *unit, uint64_t *ret_hash, uint64_t *ret_number)
{
	const char *mark = strrchr(unit, '#');
	char base[UNIT_MAX];
	char *end;

	if (!mark || mark[1] < '0' || mark[1] > '9' || (size_t)(mark - unit) >= sizeof base)
		return false;
	memcpy(base, unit, (size_t)(mark - unit));
	base[mark - unit] = '\0';
	*ret_hash = table_hash(base);
	errno = 0;
	*ret_number = strtoull(mark + 1, &end, 10);
	return !*end && errno == 0;
}

static uint32_t holder_in_ranges(const Holders *holders, uint64_t unit, uint64_t first, uint64_t last)
{
	uint32_t at;

	if (!table_get(holders->ranged, unit, &at))
		return NOBODY;
	for (; at; at = holders->ranges[at - 1].before)
		if (first <= holders->ranges[at - 1].last && last >= holders->ranges[at - 1].first)
			return holders->ranges[at - 1].station;
	return NOBODY;
}

static uint32_t find_holder(const Holders *holders, const char *unit)
{
	uint64_t base, number;
	uint32_t holder;

	if (table_get(holders->units, table_hash(unit), &holder))
		return holder;
	return split_unit(unit, &base, &number) ? holder_in_ranges(holders, base, number, number) : NOBODY;
}

static void tell_flaw(Holders *holders, uint64_t seq, const char *unit, uint32_t first, uint32_t second)
{
	if (*holders->flaw)
		return;
	snprintf(holders->flaw, sizeof holders->flaw,
		"leaf %llu of the registry's log gives the cartridge %.100s, which %.100s holds, to %.100s",
		(unsigned long long)seq, unit, chair_name(holders, first), chair_name(holders, second));
	plain_text(holders->flaw);
}

/**
 * `from`: whoever must hold the units until now. False when another one holds one of them: then nothing is
 * given.
 */
static bool give_list(Holders *holders, uint64_t seq, const json_t *units, uint32_t from, uint32_t to)
{
	json_t *unit;
	size_t i;

	json_array_foreach (units, i, unit) {
		const char *name = json_string_value(unit);
		uint32_t holder = name ? find_holder(holders, name) : from;

		if (holder != from && holder != to) {
			tell_flaw(holders, seq, name, holder, to);
			return false;
		}
	}
	json_array_foreach (units, i, unit)
		if (json_is_string(unit))
			(void)!table_put(holders->units, table_hash(json_string_value(unit)), to);
	return true;
}

/** False when another one holds one of the numbers: then nothing is given. */
static bool give_range(Holders *holders, uint64_t seq, const json_t *leaf, uint32_t to)
{
	const char *unit;
	json_int_t first, last;
	uint32_t holder, before = 0;

	if (json_unpack((json_t *)leaf, "{s:s, s:I, s:I}", "unit", &unit, "first", &first, "last", &last) <
			0 ||
		first < 0 || last < first)
		return false;
	holder = holder_in_ranges(holders, table_hash(unit), (uint64_t)first, (uint64_t)last);
	if (holder != NOBODY && holder != to) {
		tell_flaw(holders, seq, unit, holder, to);
		return false;
	}
	if (holders->n_ranges == holders->ranges_room) {
		size_t room = holders->ranges_room ? 2 * holders->ranges_room : 64;
		Range *ranges = reallocarray(holders->ranges, room, sizeof *ranges);

		if (!ranges)
			return false;
		holders->ranges = ranges;
		holders->ranges_room = room;
	}
	(void)!table_get(holders->ranged, table_hash(unit), &before);
	holders->ranges[holders->n_ranges++] = (Range){ (uint64_t)first, (uint64_t)last, to, before };
	return table_put(holders->ranged, table_hash(unit), (uint32_t)holders->n_ranges) == 0;
}

/* ---- leaves ---- */

/** Grants and moves; false when the leaf contradicts an earlier one. */
static bool take_grant(Holders *holders, uint64_t seq, const json_t *leaf, const char *kind, LeafNote *note)
{
	const json_t *units = json_object_get(leaf, "units");

	if (strcmp(kind, "units.granted") == 0)
		return give_list(holders, seq, units, NOBODY, note->station);
	if (strcmp(kind, "range.granted") == 0)
		return give_range(holders, seq, leaf, note->station);
	if (strcmp(kind, "units.moved") != 0)
		return true;
	note->kind = LEAF_MOVE;
	note->to = number_chair(holders, json_string_value(json_object_get(leaf, "to")));
	return give_list(holders, seq, units, note->station, note->to);
}

static LeafNote take_kind(Holders *holders, uint64_t seq, const json_t *leaf, const char *kind)
{
	const char *station = json_string_value(json_object_get(leaf, "station"));
	const char *boot = json_string_value(json_object_get(leaf, "boot"));
	LeafNote note = { .station = number_chair(holders, station), .kind = LEAF_OWN };

	if (strcmp(kind, "record.shared") == 0)
		note.kind = LEAF_SHARED;
	else if (strcmp(kind, "station.enrolled") == 0 || strcmp(kind, "station.quarantined") == 0)
		note.kind = LEAF_ALL;
	else if (strcmp(kind, "boot.confirmed") == 0 && boot && note.station != NOBODY)
		snprintf(holders->chairs[note.station].boot, BOOT_MAX, "%s", boot);
	/* what contradicts is passed on to nobody: whoever held the cartridge goes on to hold it */
	if (!take_grant(holders, seq, leaf, kind, &note))
		note.kind = LEAF_NONE;
	return note;
}

void holders_take(Holders *holders, uint64_t seq, const char *leaf, size_t size)
{
	json_auto_t *read = json_loadb(leaf, size, JSON_REJECT_DUPLICATES, NULL);
	const char *kind = json_string_value(json_object_get(read, "kind"));
	LeafNote note = { 0 };

	if (kind)
		note = take_kind(holders, seq, read, kind);
	if (holders->n == holders->room) {
		size_t room = holders->room ? 2 * holders->room : 1024;
		LeafNote *notes = reallocarray(holders->notes, room, sizeof *notes);

		if (!notes)
			return;
		holders->notes = notes;
		holders->room = room;
	}
	holders->notes[holders->n++] = note;
}

const char *holders_flaw(const Holders *holders)
{
	return *holders->flaw ? holders->flaw : NULL;
}

static bool concerns(const LeafNote *note, uint32_t station)
{
	switch (note->kind) {
	case LEAF_NONE:
		return false;
	case LEAF_OWN:
		return note->station == station;
	case LEAF_MOVE:
		return note->station == station || note->to == station;
	case LEAF_SHARED:
		return note->station != station;
	case LEAF_ALL:
		return true;
	}
	return false;
}

uint64_t holders_next(const Holders *holders, uint64_t from, const char *origin)
{
	/* a station that the log does not name yet gets what concerns all */
	uint32_t known = find_chair(holders, origin), station = known == NOBODY ? UINT32_MAX : known;

	for (uint64_t seq = from; seq < holders->n; seq++)
		if (concerns(&holders->notes[seq], station))
			return seq;
	return UINT64_MAX;
}

const char *holders_who(const Holders *holders, const char *unit)
{
	uint32_t holder = find_holder(holders, unit);

	return holder == NOBODY ? NULL : holders->chairs[holder].origin;
}

bool holders_boot_confirmed(const Holders *holders, const char *origin, const char *boot)
{
	uint32_t station = find_chair(holders, origin);

	return station != NOBODY && strcmp(holders->chairs[station].boot, boot) == 0;
}

/* ---- life ---- */

int holders_new(Holders **ret)
{
	_cleanup_(holders_freep) Holders *holders = calloc(1, sizeof *holders);

	if (!holders || table_new(&holders->origins) < 0 || table_new(&holders->units) < 0 ||
		table_new(&holders->ranged) < 0)
		return -ENOMEM;
	*ret = TAKE_PTR(holders);
	return 0;
}

Holders *holders_free(Holders *holders)
{
	if (!holders)
		return NULL;
	for (size_t i = 1; i < holders->n_chairs; i++)
		free(holders->chairs[i].origin);
	table_free(holders->origins);
	table_free(holders->units);
	table_free(holders->ranged);
	free(holders->chairs);
	free(holders->ranges);
	free(holders->notes);
	free(holders);
	return NULL;
}
