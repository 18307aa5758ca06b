/* SPDX-License-Identifier: Apache-2.0 */

/** Reads the mapping of a table of cycles: which column holds what, and how. It must not open the table. */

#include "cycle-mapping.h"

#include <errno.h>
#include <string.h>

#include "config/ini-file.h"
#include "csv-value.h"

static const CycleUnit temperatures[] = { { "C", 1, 0 }, { "F", 5 / 9.0, -160 / 9.0 }, { NULL } };
static const CycleUnit pressures[] = { { "kPa", 1, 0 }, { "bar", 100, 0 }, { "mbar", 0.1, 0 },
	{ "MPa", 1000, 0 }, { "psi", 6.894757293168, 0 }, { NULL } };
static const CycleUnit durations[] = { { "s", 1, 0 }, { "min", 60, 0 }, { NULL } };

const RecordField *cycle_field(size_t i)
{
	const RecordField *field = &record_fields("cycle.recorded")[i];

	/* the last one says where the row comes from; the import fills it in */
	return i < CYCLE_FIELDS_MAX && field->name && strcmp(field->name, "source") != 0 ? field : NULL;
}

static int set_text(char **ret, const char *value)
{
	char *copy = strdup(value);

	if (!copy)
		return -ENOMEM;
	free(*ret);
	*ret = copy;
	return 0;
}

static int set_unit(const CycleUnit **ret, const CycleUnit *units, const char *value, Error *error)
{
	for (; units->name; units++)
		if (strcmp(units->name, value) == 0) {
			*ret = units;
			return 0;
		}
	return error_set(error, -EINVAL, "there is no unit \"%.20s\": see stipplectl(1)", value);
}

/** What a word of the mapping means. */
typedef struct Word {
	const char *word, *value; /* word NULL ends a list */
} Word;

static const Word separators[] = { { "comma", "," }, { "semicolon", ";" }, { "tab", "\t" }, { NULL } };
static const Word decimals[] = { { "point", "." }, { "comma", "," }, { NULL } };
static const Word charsets[] = { { "utf-8", NULL }, { "latin-1", "ISO-8859-1" }, { "utf-16le", "UTF-16LE" },
	{ "utf-16be", "UTF-16BE" }, { NULL } };

/** NULL with `error` when the word is none of them. `known`: "none of ..." */
static const Word *find_word(const Word *words, const char *word, const char *known, Error *error)
{
	for (; words->word; words++)
		if (strcasecmp(words->word, word) == 0)
			return words;
	error_set(error, -EINVAL, "\"%.20s\" is %s", word, known);
	return NULL;
}

static int set_sign(char *ret, const Word *words, const char *word, const char *known, Error *error)
{
	const Word *found = find_word(words, word, known, error);

	if (!found)
		return -EINVAL;
	*ret = found->value[0];
	return 0;
}

static int set_charset(CycleMapping *mapping, const char *value, Error *error)
{
	const Word *found = find_word(charsets, value, "none of utf-8, latin-1, utf-16le, utf-16be", error);

	if (!found)
		return -EINVAL;
	mapping->charset = found->value;
	return 0;
}

static int set_zone_of_times(CycleMapping *mapping, const char *value, Error *error)
{
	if (!csv_zone_exists(value))
		return error_set(error, -EINVAL,
			"there is no time zone \"%.40s\" on this machine; an example is Europe/Berlin",
			value);
	return set_text(&mapping->zone, value);
}

int cycle_mapping_set_zone(CycleMapping *mapping, const char *zone, Error *error)
{
	error_set(error, -ENOMEM, "out of memory");
	return set_zone_of_times(mapping, zone, error);
}

static int set_file_key(CycleMapping *mapping, const char *key, const char *value, Error *error)
{
	if (strcmp(key, "separator") == 0)
		return set_sign(
			&mapping->separator, separators, value, "none of comma, semicolon, tab", error);
	if (strcmp(key, "decimal") == 0)
		return set_sign(&mapping->decimal, decimals, value, "neither point nor comma", error);
	if (strcmp(key, "encoding") == 0)
		return set_charset(mapping, value, error);
	if (strcmp(key, "time") == 0)
		return set_text(&mapping->time, value);
	if (strcmp(key, "zone") == 0)
		return set_zone_of_times(mapping, value, error);
	if (strcmp(key, "temperature") == 0)
		return set_unit(&mapping->temperature, temperatures, value, error);
	if (strcmp(key, "pressure") == 0)
		return set_unit(&mapping->pressure, pressures, value, error);
	if (strcmp(key, "duration") == 0)
		return set_unit(&mapping->duration, durations, value, error);
	return error_set(error, -EINVAL,
		"separator, decimal, encoding, time, zone, temperature, pressure, duration are known in [file]");
}

static int set_cycle_field(char **fields, const char *name, const char *value, Error *error)
{
	const RecordField *field;

	for (size_t i = 0; (field = cycle_field(i)); i++)
		if (strcmp(field->name, name) == 0)
			return set_text(&fields[i], value);
	return error_set(error, -EINVAL, "a cycle has no such field: see stipplectl(1)");
}

static int take_mapping_entry(void *userdata, const IniEntry *entry, Error *error)
{
	CycleMapping *mapping = userdata;

	if (!*entry->value)
		return error_set(error, -EINVAL, "a value is missing");
	error_set(error, -ENOMEM, "out of memory");
	if (strcmp(entry->section, "file") == 0)
		return set_file_key(mapping, entry->key, entry->value, error);
	if (strcmp(entry->section, "columns") == 0)
		return set_cycle_field(mapping->columns, entry->key, entry->value, error);
	if (strcmp(entry->section, "constants") == 0)
		return set_cycle_field(mapping->constants, entry->key, entry->value, error);
	if (strcmp(entry->section, "values") != 0)
		return error_set(error, -EINVAL, "file, columns, constants, values are the sections known");
	if (strcmp(entry->key, "pass") == 0)
		return set_text(&mapping->passes, entry->value);
	if (strcmp(entry->key, "fail") == 0)
		return set_text(&mapping->fails, entry->value);
	return error_set(error, -EINVAL, "pass and fail are known in [values]");
}

int cycle_mapping_load(const char *path, CycleMapping **ret, Error *error)
{
	_cleanup_(cycle_mapping_freep) CycleMapping *mapping = calloc(1, sizeof *mapping);
	int r;

	if (!mapping || set_text(&mapping->passes, "pass") < 0 || set_text(&mapping->fails, "fail") < 0)
		return error_set(error, -ENOMEM, "out of memory");
	mapping->separator = ',';
	mapping->temperature = temperatures;
	mapping->pressure = pressures;
	mapping->duration = durations;
	r = path ? ini_file_read(path, take_mapping_entry, mapping, error) : 0;
	if (r < 0)
		return r;
	if (mapping->time && !strstr(mapping->time, "%z") && !mapping->zone)
		return error_set(error, -EINVAL,
			"%.200s: the times have no offset from UTC: say where they were taken, zone = Europe/Berlin "
			"in [file], or zone = local for this machine's",
			path);
	*ret = TAKE_PTR(mapping);
	return 0;
}

CycleMapping *cycle_mapping_free(CycleMapping *mapping)
{
	if (!mapping)
		return NULL;
	for (size_t i = 0; i < CYCLE_FIELDS_MAX; i++) {
		free(mapping->columns[i]);
		free(mapping->constants[i]);
	}
	free(mapping->time);
	free(mapping->zone);
	free(mapping->passes);
	free(mapping->fails);
	free(mapping);
	return NULL;
}
