/* SPDX-License-Identifier: Apache-2.0 */

/** The paths below /audit. Only auditors come here: a station must not read the records of another. */

#include "audit.h"

#include <string.h>

#include <jansson.h>

#include "clinic-sql.h"
#include "clinic.h"

enum { NUMBER_MAX = 24, PART_ROWS = 1000, AWAY_DAYS = 3, DAYS_MAX = 3650 };

static const char *audit_text_of(uint64_t value, char text[NUMBER_MAX])
{
	snprintf(text, NUMBER_MAX, "%llu", (unsigned long long)value);
	return text;
}

static Answer refuse_argument(const char *sentence)
{
	return answer_problem(400, "Bad request", "%s", sentence);
}

/* ---- one statement, and no more ---- */

/** Rows that one statement gives, which are few: stations, findings. */
typedef struct FewLines {
	AuditLines lines;              /* first */
	const char *const *statements; /* ends with NULL */
	DatabaseValue values[2];
	size_t n_values;
	char *words, *station, days[NUMBER_MAX];
	const char *each;   /* at last, a statement for each station; NULL: none */
	PGresult *stations; /* for which it is run */
	int at;
} FewLines;

/** Runs the last statement for the next stations, until one has rows. A statement over all would take too
 * long. */
static int next_of_stations(FewLines *few, PGconn *connection, FILE *out, Error *error)
{
	int n = 0, r = few->each && !few->stations ? database_run(connection, sql_audit_station_numbers, NULL,
							     0, &few->stations, error)
						   : 0;

	while (r >= 0 && n == 0 && few->stations && few->at < PQntuples(few->stations)) {
		_cleanup_(PQclearp) PGresult *rows = NULL;
		const DatabaseValue station = { PQgetvalue(few->stations, few->at++, 0), 0 };

		r = database_run(connection, few->each, &station, 1, &rows, error);
		n = r < 0 ? 0 : audit_put_rows(rows, out);
	}
	return r < 0 ? r : n;
}

static int next_few(AuditLines *lines, PGconn *connection, FILE *out, Error *error)
{
	FewLines *few = (FewLines *)lines;
	int n = 0;

	while (n == 0 && *few->statements) {
		_cleanup_(PQclearp) PGresult *rows = NULL;
		int r = database_run(
			connection, *few->statements++, few->values, few->n_values, &rows, error);

		if (r < 0)
			return r;
		n = audit_put_rows(rows, out);
	}
	return n > 0 ? n : next_of_stations(few, connection, out, error);
}

static void few_done(AuditLines *lines)
{
	FewLines *few = (FewLines *)lines;

	free(few->words);
	free(few->station);
	PQclear(few->stations);
}

static FewLines *few_new(const Clinic *clinic, const char *const *statements, size_t n_values)
{
	FewLines *few = calloc(1, sizeof *few);

	if (few) {
		few->lines = (AuditLines){ .next = next_few, .done = few_done, .database = clinic->database };
		few->statements = statements;
		few->n_values = n_values;
	}
	return few;
}

/** The words of the request in its own short turn at the database. */
static int audit_read_words(const Clinic *clinic, const Request *request, AuditNarrowing *ret, Error *error)
{
	PGconn *connection;
	int r = database_take(clinic->database, &connection, error);

	if (r < 0)
		return r;
	r = audit_narrowing_read(connection, request, ret, error);
	database_give(clinic->database, connection);
	return r;
}

static Answer answer_stations(const Clinic *clinic, Request *request)
{
	static const char *const statements[] = { sql_audit_stations, NULL };
	_cleanup_(audit_narrowing_done) AuditNarrowing narrowing = { 0 };
	const char *station = request_argument(request, "station");
	FewLines *few;
	Error error;
	int r = audit_read_words(clinic, request, &narrowing, &error);

	if (r < 0)
		return r == -EINVAL ? refuse_argument(error.text) : answer_trouble(&error);
	few = few_new(clinic, statements, 2);
	if (!few)
		return answer_text(500, "", NULL);
	few->words = TAKE_PTR(narrowing.words);
	few->station = station ? strdup(station) : NULL;
	few->values[0].data = few->words;
	few->values[1].data = few->station;
	return audit_answer_lines(&few->lines);
}

static Answer answer_findings(const Clinic *clinic, Request *request)
{
	static const char *const statements[] = { sql_audit_kept, sql_audit_lagging, sql_audit_silent,
		sql_audit_quarantined, sql_audit_claimed_twice, NULL };
	unsigned long long days;
	FewLines *few;

	if (!request_number(request, "days", AWAY_DAYS, DAYS_MAX, &days))
		return refuse_argument("days= is a number of days: how long a station may be silent");
	few = few_new(clinic, statements, 1);
	if (!few)
		return answer_text(500, "", NULL);
	few->values[0].data = audit_text_of(days, few->days);
	few->each = sql_audit_missing;
	return audit_answer_lines(&few->lines);
}

/* ---- records and proofs of a station ---- */

/** Finds the station that the request names, with the newest checkpoint of what is here. */
static int read_station(const Clinic *clinic, const Request *request, AuditedStation *ret_station,
	AuditNarrowing *ret_narrowing, Error *error)
{
	const char *name = request_argument(request, "station");
	PGconn *connection;
	int r = name ? database_take(clinic->database, &connection, error)
		     : error_set(error, -EINVAL, "station= is needed: the name of a station");

	if (r < 0)
		return r;
	r = audited_station_find(connection, name, ret_station, error);
	r = r < 0 || !ret_narrowing ? r : audit_narrowing_read(connection, request, ret_narrowing, error);
	database_give(clinic->database, connection);
	if (r >= 0 && audited_station_cosign(ret_station, &clinic->mirror) < 0)
		r = error_set(error, -EIO, "the checkpoint cannot be cosigned");
	return r;
}

static Answer answer_records(const Clinic *clinic, Request *request)
{
	_cleanup_(audited_station_done) AuditedStation station = { 0 };
	_cleanup_(audit_narrowing_done) AuditNarrowing narrowing = { 0 };
	unsigned long long from;
	Error error;
	int r;

	if (!request_number(request, "from", 1, INT64_MAX, &from) || from < 1)
		return refuse_argument("from= is the number of a record");
	r = read_station(clinic, request, &station, &narrowing, &error);
	if (r < 0)
		return r == -EINVAL ? refuse_argument(error.text) : answer_trouble(&error);
	return audit_answer_records(
		clinic->database, request_argument(request, "station"), &station, &narrowing, from - 1);
}

static Answer audit_answer_proof(const Clinic *clinic, Request *request)
{
	_cleanup_(audited_station_done) AuditedStation station = { 0 };
	unsigned long long record;
	PGconn *connection;
	char *proof = NULL;
	Error error;
	int r;

	if (!request_number(request, "record", 0, INT64_MAX, &record) || record < 1)
		return refuse_argument("record= is the number of a record");
	r = read_station(clinic, request, &station, NULL, &error);
	if (r < 0)
		return r == -EINVAL ? refuse_argument(error.text) : answer_trouble(&error);
	if (record > station.size)
		return answer_problem(404, "Unknown record",
			"record %llu of that station is not here, or no checkpoint covers it yet", record);
	if (database_take(clinic->database, &connection, &error) < 0)
		return answer_trouble(&error);
	r = audit_prove_record(
		connection, station.id, record - 1, station.size, station.note, &proof, &error);
	database_give(clinic->database, connection);
	return r < 0 ? answer_trouble(&error) : answer_text(200, "text/plain; charset=utf-8", proof);
}

/* ---- lines by number: the registry's leaves, claims of a station ---- */

typedef struct NumberedLines {
	AuditLines lines; /* first */
	const char *sql;
	char station[NUMBER_MAX]; /* "": the statement takes none */
	char *head;               /* the first line; NULL once it is sent */
	uint64_t next, end;
} NumberedLines;

static int next_numbered(AuditLines *lines, PGconn *connection, FILE *out, Error *error)
{
	NumberedLines *numbered = (NumberedLines *)lines;
	_cleanup_(PQclearp) PGresult *rows = NULL;
	char next[NUMBER_MAX], end[NUMBER_MAX], most[NUMBER_MAX];
	const DatabaseValue values[] = { { numbered->station, 0 }, { audit_text_of(numbered->next, next), 0 },
		{ audit_text_of(numbered->end, end), 0 }, { audit_text_of(PART_ROWS, most), 0 } };
	size_t skipped = !numbered->station[0];
	int n, r = database_run(
		       connection, numbered->sql, values + skipped, ELEMENTS(values) - skipped, &rows, error);

	if (r < 0)
		return r;
	if (numbered->head)
		(void)fprintf(out, "%s\n", numbered->head);
	free(TAKE_PTR(numbered->head));
	n = audit_put_rows(rows, out);
	if (n > 0)
		numbered->next = strtoull(PQgetvalue(rows, n - 1, 1), NULL, 10) + 1;
	return n;
}

static void numbered_done(AuditLines *lines)
{
	free(((NumberedLines *)lines)->head);
}

/** `head` is taken. */
static Answer answer_numbered(
	const Clinic *clinic, const char *sql, const char *station, json_t *head, uint64_t from, uint64_t end)
{
	NumberedLines *numbered = calloc(1, sizeof *numbered);

	if (numbered)
		numbered->head = head ? json_dumps(head, JSON_COMPACT) : NULL;
	json_decref(head);
	if (!numbered || !numbered->head) {
		free(numbered);
		return answer_text(500, "", NULL);
	}
	numbered->lines =
		(AuditLines){ .next = next_numbered, .done = numbered_done, .database = clinic->database };
	numbered->sql = sql;
	snprintf(numbered->station, sizeof numbered->station, "%s", station);
	numbered->next = from;
	numbered->end = end;
	return audit_answer_lines(&numbered->lines);
}

static Answer answer_registry(const Clinic *clinic, Request *request)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	unsigned long long from;
	PGconn *connection;
	json_t *head;
	uint64_t size;
	Error error;
	int r;

	if (!request_number(request, "from", 0, INT64_MAX, &from))
		return refuse_argument("from= is the number of a leaf, from 0 on");
	if (database_take(clinic->database, &connection, &error) < 0)
		return answer_trouble(&error);
	r = database_run(connection, sql_audit_registry_head, NULL, 0, &row, &error);
	database_give(clinic->database, connection);
	if (r < 0)
		return answer_trouble(&error);
	size = strtoull(PQgetvalue(row, 0, 0), NULL, 10);
	head = json_pack("{s:I, s:s}", "size", (json_int_t)size, "checkpoint", PQgetvalue(row, 0, 1));
	return answer_numbered(clinic, sql_audit_registry, "", head, from, size);
}

static Answer answer_claims(const Clinic *clinic, Request *request)
{
	_cleanup_(audited_station_done) AuditedStation station = { 0 };
	json_t *head;
	Error error;
	int r = read_station(clinic, request, &station, NULL, &error);

	if (r < 0)
		return r == -EINVAL ? refuse_argument(error.text) : answer_trouble(&error);
	head = json_pack("{s:I, s:s}", "records", (json_int_t)station.size, "checkpoint", station.note);
	return answer_numbered(clinic, sql_audit_claims, station.id, head, 0, station.size);
}

const Route audit_routes[] = {
	{ "GET", "/audit/stations", ROUTE_AUDITOR, NULL, answer_stations },
	{ "GET", "/audit/records", ROUTE_AUDITOR, NULL, answer_records },
	{ "GET", "/audit/proof", ROUTE_AUDITOR, NULL, audit_answer_proof },
	{ "GET", "/audit/claims", ROUTE_AUDITOR, NULL, answer_claims },
	{ "GET", "/audit/registry", ROUTE_AUDITOR, NULL, answer_registry },
	{ "GET", "/audit/findings", ROUTE_AUDITOR, NULL, answer_findings },
	{ 0 },
};
