/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Sends the records of one station: all of them, or those that a question about one cartridge, lot, person or
 * session needs. It must not judge what they say. Records never change, so that no snapshot is needed: each
 * part goes on after the last record of the part before.
 */

#include <string.h>

#include <jansson.h>

#include "audit.h"
#include "clinic-sql.h"
#include "util/text.h"

enum { NUMBER_MAX = 24, PART_ROWS = 1000, SESSIONS_MAX = 100000, WORD_MAX = 256 };

/* ---- which station ---- */

void audited_station_done(AuditedStation *station)
{
	free(TAKE_PTR(station->note));
}

int audited_station_find(PGconn *connection, const char *name, AuditedStation *ret, Error *error)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	int r = database_run(connection, sql_audit_station, &(DatabaseValue){ name, 0 }, 1, &row, error);

	if (r < 0)
		return r;
	if (PQntuples(row) == 0)
		return error_set(error, -ENOENT, "no station \"%.63s\" is enrolled here", name);
	ret->note = strdup(PQgetvalue(row, 0, 3));
	if (!ret->note)
		return error_set(error, -ENOMEM, "no memory for a checkpoint");
	snprintf(ret->id, sizeof ret->id, "%s", PQgetvalue(row, 0, 0));
	ret->size = strtoull(PQgetvalue(row, 0, 2), NULL, 10);
	return 0;
}

int audited_station_cosign(AuditedStation *station, const Mirror *mirror)
{
	_cleanup_(freep) char *lines = NULL;
	char *note;
	int r = mirror_cosign(
		mirror->signers, station->size > 0 ? MIRROR_SIGNERS_MAX : 0, station->note, &lines);

	if (r < 0)
		return r;
	if (asprintf(&note, "%s%s", station->note, lines) < 0)
		return -ENOMEM;
	free(station->note);
	station->note = note;
	return 0;
}

/* ---- which records ---- */

void audit_narrowing_done(AuditNarrowing *narrowing)
{
	free(TAKE_PTR(narrowing->words));
}

static int audit_find_words(PGconn *connection, const char *given, AuditNarrowing *ret, Error *error)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	_cleanup_(freep) char *word = strdup(given);
	int r;

	if (!text_is_printable(given, WORD_MAX))
		return error_set(error, -EINVAL, "what is asked for is empty, too long, or no text");
	if (!word)
		return error_set(error, -ENOMEM, "no memory for an answer");
	for (char *c = word; *c; c++)
		*c = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
	r = database_run(connection, sql_audit_words, &(DatabaseValue){ word, 0 }, 1, &row, error);
	if (r < 0)
		return r;
	ret->words = strdup(PQgetvalue(row, 0, 0));
	return ret->words ? 0 : error_set(error, -ENOMEM, "no memory for an answer");
}

int audit_narrowing_read(PGconn *connection, const Request *request, AuditNarrowing *ret, Error *error)
{
	static const char *const words[] = { "unit", "lot", "subject" };
	unsigned long long session;

	if (!request_number(request, "session", 0, INT64_MAX, &session))
		return error_set(error, -EINVAL, "session= is the number of a session");
	if (session > 0)
		snprintf(ret->session, sizeof ret->session, "%llu", session);
	for (size_t i = 0; i < ELEMENTS(words); i++)
		if (request_argument(request, words[i]))
			return audit_find_words(connection, request_argument(request, words[i]), ret, error);
	return 0;
}

/* ---- the answer ---- */

typedef enum Part {
	PART_HEAD,
	PART_FREE, /* records that belong to no session */
	PART_OF,   /* records of sessions */
	PART_ALL,  /* all of them */
	PART_NONE,
} Part;

typedef struct RecordLines {
	AuditLines lines; /* first */
	Part part;
	char name[64];
	AuditedStation station;
	AuditNarrowing narrowing;
	uint64_t from, next;
	PGresult *sessions; /* with the number of their records */
	int session;        /* the next of them */
	char *batch;        /* an array of PostgreSQL: those that are being sent */
} RecordLines;

static const char *audit_number(uint64_t value, char text[NUMBER_MAX])
{
	snprintf(text, NUMBER_MAX, "%llu", (unsigned long long)value);
	return text;
}

static int find_sessions(RecordLines *records, PGconn *connection, Error *error)
{
	char end[NUMBER_MAX];
	const DatabaseValue values[] = { { records->station.id, 0 }, { records->narrowing.words, 0 },
		{ records->narrowing.session[0] ? records->narrowing.session : NULL, 0 },
		{ audit_number(records->station.size, end), 0 } };
	int r = database_run(
		connection, sql_audit_sessions, values, ELEMENTS(values), &records->sessions, error);

	if (r >= 0 && PQntuples(records->sessions) > SESSIONS_MAX)
		return error_set(
			error, -EIO, "more than %d sessions are concerned: ask for less", SESSIONS_MAX);
	return r;
}

/** Takes the next sessions, of about PART_ROWS records together. False: there are none left. */
static bool next_batch(RecordLines *records)
{
	_cleanup_(freep) char *batch = NULL;
	long long rows = 0;
	size_t size;
	FILE *text;

	free(TAKE_PTR(records->batch));
	records->next = 0;
	if (records->session == PQntuples(records->sessions))
		return false;
	text = open_memstream(&batch, &size);
	for (const char *before = "{";
		text && records->session < PQntuples(records->sessions) && rows < PART_ROWS; before = ",") {
		(void)fprintf(text, "%s%s", before, PQgetvalue(records->sessions, records->session, 0));
		rows += strtoll(PQgetvalue(records->sessions, records->session++, 1), NULL, 10);
	}
	if (text)
		putc('}', text);
	if (text && fclose(text) == 0)
		records->batch = TAKE_PTR(batch);
	return true;
}

static int audit_put_head(RecordLines *records, PGconn *connection, FILE *out, Error *error)
{
	bool narrowed = records->narrowing.words || records->narrowing.session[0];
	json_auto_t *head = json_pack("{s:s, s:I, s:s, s:b}", "station", records->name, "records",
		(json_int_t)records->station.size, "checkpoint", records->station.note, "narrowed", narrowed);
	_cleanup_(freep) char *line = head ? json_dumps(head, JSON_COMPACT) : NULL;

	if (!line)
		return error_set(error, -ENOMEM, "no memory for an answer");
	(void)fprintf(out, "%s\n", line);
	records->part = narrowed ? PART_FREE : PART_ALL;
	records->next = records->from;
	return narrowed ? find_sessions(records, connection, error) : 0;
}

static int put_records(RecordLines *records, const char *sql, PGconn *connection, FILE *out, Error *error)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	char next[NUMBER_MAX], end[NUMBER_MAX], most[NUMBER_MAX];
	const DatabaseValue values[] = { { records->station.id, 0 }, { audit_number(records->next, next), 0 },
		{ audit_number(records->station.size, end), 0 }, { audit_number(PART_ROWS, most), 0 },
		{ records->batch, 0 } };
	int n, r = database_run(
		       connection, sql, values, ELEMENTS(values) - (records->part != PART_OF), &rows, error);

	if (r < 0)
		return r;
	n = audit_put_rows(rows, out);
	if (n > 0)
		records->next = strtoull(PQgetvalue(rows, n - 1, 1), NULL, 10) + 1;
	return n;
}

/** After the last row of one part comes the next part. */
static int next_records(AuditLines *lines, PGconn *connection, FILE *out, Error *error)
{
	RecordLines *records = (RecordLines *)lines;
	int n = records->part == PART_HEAD ? audit_put_head(records, connection, out, error) : 0;

	while (n == 0 && records->part != PART_NONE) {
		const char *sql = records->part == PART_ALL    ? sql_audit_records_all
				  : records->part == PART_FREE ? sql_audit_records_free
							       : sql_audit_records_of;

		n = put_records(records, sql, connection, out, error);
		if (n == 0)
			records->part =
				records->part != PART_ALL && next_batch(records) ? PART_OF : PART_NONE;
	}
	return n;
}

static void records_done(AuditLines *lines)
{
	RecordLines *records = (RecordLines *)lines;

	audited_station_done(&records->station);
	audit_narrowing_done(&records->narrowing);
	PQclear(records->sessions);
	free(records->batch);
}

Answer audit_answer_records(Database *database, const char *name, AuditedStation *station,
	AuditNarrowing *narrowing, uint64_t from)
{
	RecordLines *records = calloc(1, sizeof *records);

	if (!records)
		return answer_text(500, "", NULL);
	records->lines = (AuditLines){ .next = next_records, .done = records_done, .database = database };
	snprintf(records->name, sizeof records->name, "%s", name);
	records->station = *station;
	records->narrowing = *narrowing;
	records->from = from;
	*station = (AuditedStation){ 0 };
	*narrowing = (AuditNarrowing){ 0 };
	return audit_answer_lines(&records->lines);
}
