/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads from a leaf what the table has in columns. A leaf is proved to be the station's, and still it is
 * foreign: it must not be trusted to be a record.
 */

#include "record-rows.h"

#include <endian.h>
#include <string.h>

#include <jansson.h>

#include "clinic-sql.h"
#include "util/clock.h"

#define COPY_RECORDS \
	"COPY record(month, station, seq, utc, kind, session, unit, lot, names, leaf) FROM STDIN (FORMAT binary)"
#define POSTGRES_EPOCH_S 946684800LL /* 2000-01-01 */

enum { COLUMNS = 10, MONTHS_MAX = 64, DAY_S = 86400, NAMES_MAX = 32, TEXT_OID = 25 };

struct RecordRows {
	FILE *stream;
	char *bytes;
	size_t size;
	size_t n_months;
	char months[MONTHS_MAX][CLOCK_UTC_TEXT_MAX]; /* the first days of the months that occur */
};

int record_rows_new(RecordRows **ret)
{
	static const char head[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0";
	RecordRows *rows = calloc(1, sizeof *rows);

	if (!rows)
		return -ENOMEM;
	rows->stream = open_memstream(&rows->bytes, &rows->size);
	if (!rows->stream) {
		free(rows);
		return -ENOMEM;
	}
	(void)!fwrite(head, 1, 19, rows->stream);
	*ret = rows;
	return 0;
}

RecordRows *record_rows_free(RecordRows *rows)
{
	if (!rows)
		return NULL;
	if (rows->stream)
		fclose(rows->stream);
	free(rows->bytes);
	free(rows);
	return NULL;
}

static void put_bytes(FILE *stream, const void *data, size_t size)
{
	uint32_t length = htobe32(data ? (uint32_t)size : UINT32_MAX);

	(void)!fwrite(&length, sizeof length, 1, stream);
	if (data)
		(void)!fwrite(data, 1, size, stream);
}

static void record_put_text(FILE *stream, const char *text)
{
	put_bytes(stream, text, text ? strlen(text) : 0);
}

static void put_32(FILE *stream, int32_t number)
{
	uint32_t value = htobe32((uint32_t)number);

	put_bytes(stream, &value, sizeof value);
}

static void record_put_64(FILE *stream, int64_t number)
{
	uint64_t value = htobe64((uint64_t)number);

	put_bytes(stream, &value, sizeof value);
}

/** What a record names, in small letters: each text once is enough. */
typedef struct Names {
	size_t n;
	char *texts[NAMES_MAX];
} Names;

static void names_done(Names *names)
{
	while (names->n > 0)
		free(names->texts[--names->n]);
}

static void record_add_name(Names *names, const json_t *value)
{
	char *text = json_is_string(value) && names->n < NAMES_MAX ? strdup(json_string_value(value)) : NULL;

	if (!text)
		return;
	for (char *c = text; *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
	names->texts[names->n++] = text;
}

/**
 * The cartridges, lots and people that a record is about. Chunks of strokes are left out: they are many, and
 * the claim in the same session names their cartridge.
 */
static void record_read_names(const char *kind, const json_t *body, Names *ret)
{
	static const char *const fields[] = { "unit", "other", "lot", "subject", "blend", "new" };
	const json_t *part;
	size_t i;

	if (strcmp(kind, "strokes") == 0)
		return;
	for (size_t field = 0; field < ELEMENTS(fields); field++)
		record_add_name(ret, json_object_get(body, fields[field]));
	json_array_foreach (json_object_get(body, "parts"), i, part)
		record_add_name(ret, json_object_get(part, "lot"));
}

/** As PostgreSQL writes a text[]: dimensions, nulls, type; length and first number; the texts. */
static void put_names(FILE *stream, const Names *names)
{
	const uint32_t head[] = { htobe32(1), 0, htobe32(TEXT_OID), htobe32((uint32_t)names->n), htobe32(1) };
	uint32_t size = sizeof head, length;

	if (names->n == 0) {
		put_bytes(stream, NULL, 0);
		return;
	}
	for (size_t i = 0; i < names->n; i++)
		size += (uint32_t)(sizeof length + strlen(names->texts[i]));
	length = htobe32(size);
	(void)!fwrite(&length, sizeof length, 1, stream);
	(void)!fwrite(head, sizeof head, 1, stream);
	for (size_t i = 0; i < names->n; i++)
		record_put_text(stream, names->texts[i]);
}

/** Notes the month, "2026-11-01", for which a partition must be there: those that make_month() makes. */
static int note_month(RecordRows *rows, const char *month, Error *error)
{
	if (strcmp(month, "2024") < 0 || strcmp(month, "2050") >= 0)
		return 0;
	for (size_t i = rows->n_months; i > 0; i--)
		if (strcmp(rows->months[i - 1], month) == 0)
			return 0;
	if (rows->n_months == MONTHS_MAX)
		return error_set(error, -EIO,
			"the upload has records of more than %d months: send fewer at once", MONTHS_MAX);
	snprintf(rows->months[rows->n_months++], CLOCK_UTC_TEXT_MAX, "%s", month);
	return 0;
}

int record_rows_add(RecordRows *rows, const char *station, uint64_t seq, DigestPart leaf, json_t **ret_record,
	Error *error)
{
	json_auto_t *record = json_loadb(leaf.data, leaf.size, 0, NULL);
	const json_t *body = json_object_get(record, "body"), *session = json_object_get(body, "session");
	const char *kind = json_string_value(json_object_get(record, "kind")),
		   *utc = json_string_value(json_object_get(record, "utc"));
	_cleanup_(names_done) Names names = { 0 };
	uint16_t columns = htobe16(COLUMNS);
	char month[CLOCK_UTC_TEXT_MAX], begins[CLOCK_UTC_TEXT_MAX];
	int64_t utc_us, month_us;
	int r;

	if (!kind || !utc || clock_parse_utc(utc, &utc_us) < 0)
		return error_set(error, -EBADMSG,
			"entry %llu is no record of a station: it lacks its kind or its time",
			(unsigned long long)seq);
	snprintf(month, sizeof month, "%.7s-01", utc);
	r = note_month(rows, month, error);
	snprintf(begins, sizeof begins, "%.10sT00:00:00Z", month);
	if (r < 0 || clock_parse_utc(begins, &month_us) < 0)
		return r < 0 ? r : error_set(error, -EIO, "entry %llu has no month", (unsigned long long)seq);
	(void)!fwrite(&columns, sizeof columns, 1, rows->stream);
	put_32(rows->stream, (int32_t)((month_us / USEC_PER_SEC - POSTGRES_EPOCH_S) / DAY_S));
	put_32(rows->stream, (int32_t)strtol(station, NULL, 10));
	record_put_64(rows->stream, (int64_t)seq);
	record_put_64(rows->stream, utc_us - POSTGRES_EPOCH_S * USEC_PER_SEC);
	record_put_text(rows->stream, kind);
	if (json_is_integer(session))
		record_put_64(rows->stream, json_integer_value(session));
	else
		put_bytes(rows->stream, NULL, 0);
	record_put_text(rows->stream, json_string_value(json_object_get(body, "unit")));
	record_put_text(rows->stream, json_string_value(json_object_get(body, "lot")));
	record_read_names(kind, body, &names);
	put_names(rows->stream, &names);
	put_bytes(rows->stream, leaf.data, leaf.size);
	*ret_record = TAKE_PTR(record);
	return 0;
}

int record_rows_store(RecordRows *rows, PGconn *connection, Error *error)
{
	static const uint8_t end[] = { 0xff, 0xff };
	int r = 0;

	(void)!fwrite(end, sizeof end, 1, rows->stream);
	if (fclose(TAKE_PTR(rows->stream)) != 0)
		return error_set(error, -EIO, "no memory for the records");
	for (size_t i = 0; i < rows->n_months && r >= 0; i++)
		r = database_do(connection, sql_make_month, &(DatabaseValue){ rows->months[i], 0 }, 1, error);
	return r < 0 ? r : database_copy(connection, COPY_RECORDS, rows->bytes, rows->size, error);
}
