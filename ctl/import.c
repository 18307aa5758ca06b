/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The command `sterilizer import`, which puts the cycles of a table on record, and `sterilizer due`. An
 * import must record no cycle twice, and with --dry-run it must record nothing.
 */

#include "commands.h"

#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "cycle-import.h"
#include "ledger/ledger.h"
#include "util/clock.h"
#include "util/digest.h"
#include "util/file.h"

enum { PROGRESS_ROWS = 50, IMPORT_FILE_MAX = 64 << 20, KEPT_FILE_MAX = 4 << 20 };

#define ERROR_EXISTS "org.stipple.Error.Exists"

typedef struct Import {
	Ctl *ctl;
	const char *path;
	json_t *known;   /* cycles on record, by "STERILISER\nNUMBER\nSERIES": their rows */
	json_t *asked;   /* registered sterilisers; for each, when its counter began anew */
	json_t *looked;  /* sterilisers whose cycles were looked up */
	json_t *serials; /* names of registered sterilisers, by serial in capitals */
	const char *raw; /* digest of the file; NULL: it is not kept */
	json_t *seen; /* cycles of this table, by "STERILISER\nNUMBER", each with an array of start times */
	size_t recorded, old, bad;
} Import;

static _printf_(3, 4) void tell_bad(Import *import, size_t line, const char *format, ...)
{
	_cleanup_(freep) char *reason = NULL;
	va_list arguments;

	import->bad++;
	va_start(arguments, format);
	if (vasprintf(&reason, format, arguments) < 0)
		reason = NULL;
	va_end(arguments);
	if (import->ctl->json) {
		json_auto_t *row = json_pack("{s:I, s:s*}", "line", (json_int_t)line, "bad", reason);
		_cleanup_(freep) char *text = row ? json_dumps(row, JSON_COMPACT | JSON_SORT_KEYS) : NULL;

		puts(text ? text : "");
		return;
	}
	fprintf(stderr, "%s:%zu: %s\n", import->path, line, reason ? reason : "out of memory");
}

static void tell_import_progress(const Import *import)
{
	size_t rows = import->recorded + import->old + import->bad;

	if (!import->ctl->json && isatty(STDERR_FILENO) && rows % PROGRESS_ROWS == 0)
		fprintf(stderr, "%zu rows\r", rows);
}

static json_t *key_of(json_t *fields)
{
	return json_sprintf("%s\n%s", json_string_value(json_object_get(fields, "sterilizer")),
		json_string_value(json_object_get(fields, "cycle")));
}

/**
 * The counter's series that a time belongs to, counted as the station does: 1, and one more each time the
 * counter began anew.
 */
static int series_of(const Import *import, const char *sterilizer, const char *started)
{
	const json_t *resets = json_object_get(import->asked, sterilizer);
	int64_t started_us, reset_us;
	int series = 1;

	if (!started || clock_parse_utc(started, &started_us) < 0)
		return series;
	for (size_t i = 0; i < json_array_size(resets); i++)
		if (clock_parse_utc(json_string_value(json_array_get(resets, i)), &reset_us) == 0 &&
			reset_us <= started_us)
			series++;
	return series;
}

/** The recorded cycle that a row of the table is about; NULL: none. */
static const json_t *known_of(const Import *import, json_t *fields, const char *key)
{
	_cleanup_(freep) char *name = NULL;

	if (asprintf(&name, "%s\n%d", key,
		    series_of(import, json_string_value(json_object_get(fields, "sterilizer")),
			    json_string_value(json_object_get(fields, "started")))) < 0)
		return NULL;
	return json_object_get(import->known, name);
}

/* ---- what is on record ---- */

static void keep_known_cycle(void *userdata, json_t *row)
{
	Import *import = userdata;
	json_auto_t *key =
		json_sprintf("%s\n%lld\n%lld", json_string_value(json_object_get(row, "sterilizer")),
			(long long)json_integer_value(json_object_get(row, "cycle")),
			(long long)json_integer_value(json_object_get(row, "series")));

	if (key)
		json_object_set(import->known, json_string_value(key), row);
}

enum { SERIAL_MAX = 64 };

static void write_capitals(const char *text, char ret[SERIAL_MAX])
{
	size_t i;

	for (i = 0; text[i] && i + 1 < SERIAL_MAX; i++)
		ret[i] = (char)toupper((unsigned char)text[i]);
	ret[i] = '\0';
}

static void keep_serial(Import *import, const json_t *row, const char *sterilizer)
{
	const json_t *corrected = json_object_get(json_object_get(row, "corrected"), "serial");
	const char *serial = json_string_value(corrected ? corrected : json_object_get(row, "serial"));
	char key[SERIAL_MAX];

	if (!serial)
		return;
	write_capitals(serial, key);
	json_object_set_new(import->serials, key, json_string(sterilizer));
}

static void keep_registered(void *userdata, json_t *row)
{
	Import *import = userdata;
	const char *sterilizer = json_string_value(json_object_get(row, "sterilizer"));

	if (!sterilizer)
		return;
	json_object_set(import->asked, sterilizer, json_object_get(row, "counter_resets"));
	keep_serial(import, row, sterilizer);
}

static int ask_sterilizers(Import *import)
{
	return json_object_size(import->asked) > 0
		       ? CTL_DONE
		       : ctl_query(import->ctl, "sterilizers", json_object(), keep_registered, import);
}

/**
 * Names the steriliser of a report, which has only its serial. False: none with that serial is on record,
 * which was told.
 */
static bool name_sterilizer(Import *import, json_t *fields, size_t line)
{
	const char *serial = json_string_value(json_object_get(fields, "device_serial"));
	const json_t *name;
	char key[SERIAL_MAX];

	if (json_object_get(fields, "sterilizer") || !serial)
		return true;
	(void)ask_sterilizers(import);
	write_capitals(serial, key);
	name = json_object_get(import->serials, key);
	if (name)
		return json_object_set(fields, "sterilizer", (json_t *)name) == 0;
	tell_bad(import, line,
		"no steriliser with the serial %.60s is on record: register it, or correct the serial of its record",
		serial);
	return false;
}

/** Looks up, once, which cycles of a steriliser are on record and whether the steriliser is registered. */
static int look_up_sterilizer(Import *import, const char *sterilizer, bool *ret_registered)
{
	int status = ask_sterilizers(import);

	*ret_registered = json_object_get(import->asked, sterilizer) != NULL;
	if (status != CTL_DONE || !*ret_registered || json_object_get(import->looked, sterilizer))
		return status;
	json_object_set_new(import->looked, sterilizer, json_true());
	return ctl_query(import->ctl, "sterilization", json_pack("{s:s}", "sterilizer", sterilizer),
		keep_known_cycle, import);
}

/** Reads a figure from a record, or from a correction, where it is a text. */
static double recorded_figure(const json_t *value)
{
	return json_is_string(value) ? strtod(json_string_value(value), NULL) : json_number_value(value);
}

/**
 * Whether the table agrees with the record in a field. A value that one of them lacks is no contradiction.
 */
static bool agrees(const RecordField *field, const char *text, const json_t *kept)
{
	int64_t said, known;

	if (!text || !kept || json_is_null(kept))
		return true;
	if (field->type == FIELD_COUNT || field->type == FIELD_NUMBER)
		return fabs(strtod(text, NULL) - recorded_figure(kept)) < 1e-9;
	if (field->type == FIELD_TIME)
		return clock_parse_utc(text, &said) < 0 ||
		       clock_parse_utc(json_string_value(kept), &known) < 0 || said == known;
	return field->type != FIELD_TEXT || !json_is_string(kept) ||
	       strcmp(text, json_string_value(kept)) == 0;
}

/** Handles a cycle that is on record already: the row says the same, or it contradicts the record. */
static void compare_cycle(Import *import, json_t *fields, const json_t *row, size_t line)
{
	for (const RecordField *field = record_fields("cycle.recorded"); field->name; field++) {
		const char *said = json_string_value(json_object_get(fields, field->name));
		json_t *kept = json_object_get(json_object_get(row, "corrected"), field->name);
		_cleanup_(freep) char *shown = NULL;

		if (!kept)
			kept = json_object_get(row, field->name);
		if (agrees(field, said, kept))
			continue;
		shown = json_dumps(kept, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
		tell_bad(import, line,
			"cycle %s is on record with %s %.80s, not %.80s: look which is right, and correct the "
			"record or the table",
			json_string_value(json_object_get(fields, "cycle")), field->name, shown ? shown : "",
			said);
		return;
	}
	import->old++;
}

/**
 * Compares a row with the cycle on record. The station only said that the cycle is on record; a user who may
 * not read the record learns no more.
 */
static int compare_known(Import *import, json_t *fields, const char *key, size_t line)
{
	bool registered;
	int status = look_up_sterilizer(
		import, json_string_value(json_object_get(fields, "sterilizer")), &registered);

	if (status == CTL_DONE)
		compare_cycle(import, fields, known_of(import, fields, key), line);
	else
		import->old++;
	return CTL_DONE;
}

/* ---- without recording anything ---- */

static bool lies_ahead(const char *started)
{
	int64_t utc_us, now_us = (int64_t)time(NULL) * USEC_PER_SEC;

	return started && clock_parse_utc(started, &utc_us) == 0 &&
	       utc_us > now_us + LEDGER_AHEAD_MAX_H * 3600 * USEC_PER_SEC;
}

/** Predicts what the station would answer. */
static int check_cycle_row(Import *import, json_t *fields, const char *key, size_t line)
{
	const char *sterilizer = json_string_value(json_object_get(fields, "sterilizer"));
	const char *started = json_string_value(json_object_get(fields, "started"));
	bool registered;
	int status = look_up_sterilizer(import, sterilizer, &registered);

	if (status != CTL_DONE)
		return status;
	if (!registered)
		tell_bad(import, line, "steriliser %.80s is not on record: register it first", sterilizer);
	else if (lies_ahead(started))
		tell_bad(import, line,
			"started %.40s lies in the future: check it and the clock of the steriliser",
			started);
	else if (known_of(import, fields, key))
		compare_cycle(import, fields, known_of(import, fields, key), line);
	else
		import->recorded++;
	return CTL_DONE;
}

/* ---- recording ---- */

static int record_row(Import *import, json_t *fields, const char *key, size_t line)
{
	_cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
	uint64_t number;
	int r;

	json_object_set_new(fields, "source", json_sprintf("%s:%zu", basename(import->path), line));
	if (import->raw)
		json_object_set_new(fields, "raw_sha256", json_string(import->raw));
	r = ctl_record(import->ctl, import->ctl->command->form, fields, "", &number, &error);
	if (r >= 0)
		import->recorded++;
	else if (sd_bus_error_has_name(&error, ERROR_EXISTS))
		return compare_known(import, fields, key, line);
	else if (sd_bus_error_has_name(&error, "org.stipple.Error.InvalidArgument") ||
		 sd_bus_error_has_name(&error, "org.stipple.Error.Unknown"))
		tell_bad(import, line, "%s", error.message);
	else
		return ctl_call_failed(&error, r);
	return CTL_DONE;
}

/** Reports what the station would refuse without asking it, so that --dry-run reports it as well. */
static bool in_range(json_t *fields, Error *error)
{
	for (const RecordField *field = record_fields("cycle.recorded"); field->name; field++) {
		const char *text = json_string_value(json_object_get(fields, field->name));

		if (text && record_range_check(field, strtod(text, NULL), error) < 0)
			return false;
	}
	return true;
}

/** Whether the table already had this cycle. The same number may come again in another series. */
static bool stands_before(Import *import, json_t *fields, const char *key)
{
	const char *sterilizer = json_string_value(json_object_get(fields, "sterilizer"));
	const char *started = json_string_value(json_object_get(fields, "started"));
	const json_t *starts = json_object_get(import->seen, key);
	bool registered;

	if (!starts)
		return false;
	if (look_up_sterilizer(import, sterilizer, &registered) != CTL_DONE)
		return true;
	for (size_t i = 0; i < json_array_size(starts); i++)
		if (series_of(import, sterilizer, json_string_value(json_array_get(starts, i))) ==
			series_of(import, sterilizer, started))
			return true;
	return false;
}

static void see(Import *import, json_t *fields, const char *key)
{
	json_t *starts = json_object_get(import->seen, key);

	if (!starts) {
		json_object_set_new(import->seen, key, json_array());
		starts = json_object_get(import->seen, key);
	}
	json_array_append(starts, json_object_get(fields, "started"));
}

static int take_row(void *userdata, const CycleRow *row)
{
	Import *import = userdata;
	bool named = row->fields && name_sterilizer(import, row->fields, row->line);
	json_auto_t *key = named ? key_of(row->fields) : NULL;
	Error error;
	int status = CTL_DONE;

	if (row->fields && !named) {
		return CTL_DONE; /* it was told */
	} else if (!row->fields) {
		tell_bad(import, row->line, "%s", row->bad);
	} else if (!key) {
		status = ctl_fail("out of memory");
	} else if (stands_before(import, row->fields, json_string_value(key))) {
		tell_bad(import, row->line, "this cycle stands in the table before: it is taken once");
	} else if (!in_range(row->fields, &error)) {
		tell_bad(import, row->line, "%s", error.text);
	} else {
		see(import, row->fields, json_string_value(key));
		status = import->ctl->dry_run
				 ? check_cycle_row(import, row->fields, json_string_value(key), row->line)
				 : record_row(import, row->fields, json_string_value(key), row->line);
	}
	tell_import_progress(import);
	return status;
}

static void tell_result(const Import *import)
{
	if (import->ctl->json)
		printf("{\"recorded\":%zu,\"known\":%zu,\"bad\":%zu,\"dry_run\":%s}\n", import->recorded,
			import->old, import->bad, import->ctl->dry_run ? "true" : "false");
	else
		printf("%zu cycles %s, %zu were on record before, %zu rows are bad\n", import->recorded,
			import->ctl->dry_run ? "would be recorded" : "are on record", import->old,
			import->bad);
}

static int count_row(void *userdata, const CycleRow *row)
{
	*(size_t *)userdata += row->fields != NULL;
	return 0;
}

/** Keeps the file, before its cycles are recorded, if it has any; that it is kept already is no failure. */
static int keep_cycle_file(Import *import, const CycleFile *file, const CycleImporter *importer)
{
	size_t cycles = 0;
	Error error;

	if (importer->read(file, count_row, &cycles, &error) < 0)
		return ctl_fail("%s: %s", import->path, error.text);
	if (cycles == 0 || import->ctl->dry_run)
		return CTL_DONE;
	if (file->size > KEPT_FILE_MAX)
		return ctl_fail("%s has more than %d MB, and the file is kept with the record: split it",
			import->path, KEPT_FILE_MAX >> 20);
	return ctl_attach_file(import->ctl, "sterilizer.file",
		json_pack("{s:s, s:s}", "file", file->name, "format", importer->name), file->data,
		file->size);
}

static int import_file(Import *import, const CycleFile *file, const CycleImporter *importer)
{
	char digest[DIGEST_HEX_MAX];
	Error error;
	int r, status;

	status = keep_cycle_file(import, file, importer);
	if (status != CTL_DONE)
		return status;
	digest_hex(file->data, file->size, digest);
	import->raw = digest;
	r = importer->read(file, take_row, import, &error);
	if (r < 0)
		return ctl_fail("%s: %s", import->path, error.text);
	/* take_row() has already reported a positive result; the rows before it still count */
	if (r == 0 || import->recorded + import->old + import->bad > 0)
		tell_result(import);
	return r > 0 || import->bad > 0 ? CTL_FAILED : CTL_DONE;
}

/** Reads the mapping, and the zone that is given beside it or instead of it. */
static int load_mapping(const Ctl *ctl, CycleMapping **ret)
{
	Error error;

	if (cycle_mapping_load(ctl->map, ret, &error) < 0)
		return ctl_fail("%s", error.text);
	if (ctl->zone && cycle_mapping_set_zone(*ret, ctl->zone, &error) < 0)
		return ctl_fail("%s", error.text);
	return CTL_DONE;
}

static int run_import(Ctl *ctl, int n, char **arguments)
{
	_cleanup_(cycle_mapping_freep) CycleMapping *mapping = NULL;
	_cleanup_(freep) char *data = NULL;
	json_auto_t *known = json_object(), *asked = json_object(), *looked = json_object(),
		    *serials = json_object(), *seen = json_object();
	Import import = { .ctl = ctl,
		.path = arguments[0],
		.known = known,
		.asked = asked,
		.looked = looked,
		.serials = serials,
		.seen = seen };
	CycleFile file = { .name = basename(arguments[0]) };
	const CycleImporter *importer;
	int r = file_read(arguments[0], IMPORT_FILE_MAX, &data, &file.size);

	if (r < 0)
		return ctl_fail("%s cannot be read: %s", arguments[0], strerror(-r));
	if (load_mapping(ctl, &mapping) != CTL_DONE)
		return CTL_FAILED;
	file.data = data;
	file.mapping = mapping;
	importer = cycle_importer_find(ctl->format, &file);
	if (!importer)
		return ctl_fail(
			"there is no format \"%.40s\": %s are known", ctl->format, cycle_importer_names());
	return import_file(&import, &file, importer);
}

/* ---- due ---- */

static int run_due(Ctl *ctl, int n, char **arguments)
{
	json_auto_t *filter = json_object();

	return ctl_query_print(ctl, "due", filter);
}

const Command import_commands[] = {
	{ "sterilizer import", "FILE", 1, 1, run_import,
		"put the cycles of a steriliser's file on record, each once, and keep the file; see --format, --zone, --map, "
		"--dry-run",
		.form = &(const EnteredForm){ "cycle.recorded", CTL_INVENTORY, false, "the cycle" } },
	{ "sterilizer due", "", 0, 0, run_due, "the next biological test of each steriliser" },
	{ 0 },
};
