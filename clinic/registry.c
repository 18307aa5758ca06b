/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Grants, claims, hand-overs and boots. It must not answer before what it answers is committed, and must not
 * give a cartridge to two stations.
 */

#include "registry.h"

#include <string.h>
#include <time.h>

#include <jansson.h>

#include "clinic.h"
#include "clinic-sql.h"
#include "registry-log.h"
#include "route.h"
#include "station.h"
#include "tlog/checkpoint.h"
#include "util/clock.h"
#include "util/text.h"

enum { UNIT_MAX = 128, NUMBER_MAX = 24, BODY_MAX = 256 * 1024 };

/** One request while it is answered. */
typedef struct Asked {
	const Registry *registry;
	PGconn *connection;
	Station station;
	json_t *body;
	const char *request; /* of the body */
	Error error;
	bool known; /* the request was answered before */
	Answer answer;
} Asked;

static void asked_done(Asked *asked)
{
	json_decref(asked->body);
	if (!asked->connection)
		return;
	if (PQtransactionStatus(asked->connection) != PQTRANS_IDLE)
		(void)!database_do(asked->connection, "ROLLBACK", NULL, 0, NULL);
	database_give(asked->registry->database, asked->connection);
}

static void refuse(Asked *asked, Answer answer)
{
	answer_clear(&asked->answer);
	asked->answer = answer;
}

/* ---- reading ---- */

static bool is_uuid(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (!text || strlen(text) != sizeof form - 1)
		return false;
	for (size_t i = 0; i < sizeof form - 1; i++)
		if (form[i] == '-' ? text[i] != '-' : !strchr("0123456789abcdef", text[i]))
			return false;
	return true;
}

static const char *text_in(const Asked *asked, const char *name)
{
	return json_string_value(json_object_get(asked->body, name));
}

static bool read_body(Asked *asked, const char *body, size_t size)
{
	json_error_t flaw;

	asked->body = size <= BODY_MAX ? json_loadb(body, size, JSON_REJECT_DUPLICATES, &flaw) : NULL;
	asked->request = text_in(asked, "request");
	if (!json_is_object(asked->body))
		refuse(asked, answer_problem(400, "Bad request",
				      "the body must be an object of JSON of at most %d bytes", BODY_MAX));
	else if (!is_uuid(asked->request))
		refuse(asked, answer_problem(400, "Bad request", "\"request\" must be a UUID in lower case"));
	else
		return true;
	return false;
}

/** The list of units, 1 to REGISTRY_UNITS_MAX printable texts. */
static bool read_units(Asked *asked, json_t **ret)
{
	json_t *units = json_object_get(asked->body, "units"), *unit;
	size_t i;

	if (!json_is_array(units) || json_array_size(units) < 1 ||
		json_array_size(units) > REGISTRY_UNITS_MAX) {
		refuse(asked, answer_problem(400, "Bad request",
				      "\"units\" must be a list of 1 to %d cartridges", REGISTRY_UNITS_MAX));
		return false;
	}
	json_array_foreach (units, i, unit)
		if (!json_is_string(unit) || !text_is_printable(json_string_value(unit), UNIT_MAX)) {
			refuse(asked, answer_problem(400, "Bad request",
					      "cartridge %zu of the list has no name of at most %d bytes",
					      i + 1, UNIT_MAX));
			return false;
		}
	*ret = units;
	return true;
}

/* ---- requests ---- */

/** Answers again what was answered before. */
static int answer_again(Asked *asked)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	const DatabaseValue values[] = { { asked->request, 0 }, { asked->station.id, 0 } };
	int r = database_run(
		asked->connection, sql_answered_request, values, ELEMENTS(values), &row, &asked->error);

	if (r < 0)
		return r;
	asked->known = true;
	if (PQntuples(row) == 0)
		refuse(asked, answer_problem(409, "Request of another",
				      "the request's number is used by another station"));
	else
		refuse(asked, answer_text((unsigned)strtoul(PQgetvalue(row, 0, 0), NULL, 10),
				      "application/json", strdup(PQgetvalue(row, 0, 1))));
	return 0;
}

/** Begins the transaction; asked->known when the request needs no more. */
static int begin(Asked *asked, const char *name)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	int r = database_take(asked->registry->database, &asked->connection, &asked->error);

	r = r < 0 ? r : database_do(asked->connection, "BEGIN", NULL, 0, &asked->error);
	if (r < 0)
		return r;
	r = station_find(asked->connection, name, &asked->station, &asked->error);
	if (r < 0)
		return r;
	const DatabaseValue values[] = { { asked->request, 0 }, { asked->station.id, 0 } };

	r = database_run(asked->connection, sql_take_request, values, ELEMENTS(values), &row, &asked->error);
	return r < 0 || PQntuples(row) == 1 ? r : answer_again(asked);
}

/** Keeps the answer (taken) with its request and commits both. */
static int answer_and_commit(Asked *asked, unsigned status, json_t *body)
{
	_cleanup_(freep) char *text = body ? json_dumps(body, JSON_COMPACT) : NULL;
	char number[NUMBER_MAX];
	const DatabaseValue values[] = { { asked->request, 0 }, { number, 0 }, { text, 0 } };
	int r;

	json_decref(body);
	snprintf(number, sizeof number, "%u", status);
	if (!text)
		return error_set(&asked->error, -EIO, "no memory for an answer");
	r = database_do(asked->connection, sql_answer_request, values, ELEMENTS(values), &asked->error);
	r = r < 0 ? r : database_do(asked->connection, "COMMIT", NULL, 0, &asked->error);
	if (r >= 0)
		refuse(asked, answer_text(status, "application/json", TAKE_PTR(text)));
	return r;
}

typedef int (*Answering)(Asked *asked);

static Answer answer_request(
	const Registry *registry, const char *name, const char *body, size_t size, Answering answering)
{
	_cleanup_(asked_done) Asked asked = { .registry = registry };
	int r;

	if (!read_body(&asked, body, size))
		return asked.answer;
	r = begin(&asked, name);
	if (r >= 0 && !asked.known && asked.station.quarantined)
		refuse(&asked,
			answer_problem(403, "Quarantined",
				"the station \"%s\" is quarantined: ask the clinic's administrator to enrol it anew",
				name));
	else if (r >= 0 && !asked.known)
		r = answering(&asked);
	if (r < 0)
		refuse(&asked, answer_trouble(&asked.error));
	return asked.answer;
}

/* ---- leaves ---- */

/** A leaf about the station. Takes `more`, NULL when out of memory. */
static json_t *leaf_about(const Asked *asked, const char *kind, json_t *more)
{
	char utc[CLOCK_UTC_TEXT_MAX];
	json_t *leaf;

	clock_format_utc((int64_t)time(NULL) * USEC_PER_SEC, utc);
	leaf = json_pack("{s:s, s:s, s:s, s:s}", "kind", kind, "station", asked->station.origin, "request",
		asked->request, "utc", utc);
	if (!leaf || !more || json_object_update(leaf, more) < 0) {
		json_decref(leaf);
		leaf = NULL;
	}
	json_decref(more);
	return leaf;
}

/** Appends a leaf (taken) and gives it with its proof. */
static int append_and_prove(Asked *asked, const RegistryHead *head, json_t *leaf, json_t **ret)
{
	int r = registry_append(asked->connection, head, asked->registry->signer, leaf, &asked->error);

	return r < 0 ? r : registry_prove(asked->connection, head->size, ret, &asked->error);
}

/* ---- units ---- */

static json_t *column_of(const PGresult *rows)
{
	json_t *list = json_array();

	for (int i = 0; list && i < PQntuples(rows); i++)
		json_array_append_new(list, json_string(PQgetvalue(rows, i, 0)));
	return list;
}

/** Who has the units: {"unit", "held_by", "granted", "claimed", "written_off"} for each that anybody has. */
static int find_units(Asked *asked, json_t *units, json_t **ret)
{
	_cleanup_(freep) char *text = json_dumps(units, JSON_COMPACT);
	_cleanup_(PQclearp) PGresult *rows = NULL;
	json_t *list = json_array();
	int r;

	if (!text || !list)
		return error_set(&asked->error, -EIO, "no memory for cartridges");
	r = database_run(
		asked->connection, sql_units_of, &(DatabaseValue){ text, 0 }, 1, &rows, &asked->error);
	for (int i = 0; r >= 0 && i < PQntuples(rows); i++) {
		json_t *row = json_pack("{s:s, s:s, s:I}", "unit", PQgetvalue(rows, i, 0), "held_by",
			PQgetvalue(rows, i, 1), "granted",
			(json_int_t)strtoll(PQgetvalue(rows, i, 3), NULL, 10));

		if (row && !PQgetisnull(rows, i, 4))
			json_object_set_new(row, "claimed", json_string(PQgetvalue(rows, i, 4)));
		if (row && PQgetvalue(rows, i, 5)[0] == 't')
			json_object_set_new(row, "written_off", json_true());
		json_array_append_new(list, row);
	}
	*ret = list;
	return r;
}

/** Runs a statement that gives units to `station` by the leaf that comes next; the units that it gave. */
static int give_units(Asked *asked, const char *sql, const DatabaseValue *values, size_t n, json_t **ret)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	int r = database_run(asked->connection, sql, values, n, &rows, &asked->error);

	if (r < 0)
		return r;
	*ret = column_of(rows);
	return *ret ? 0 : error_set(&asked->error, -EIO, "no memory for cartridges");
}

/** Units that were given are a leaf; none: no leaf. The answer says who has each of the asked ones now. */
static int answer_given(Asked *asked, const RegistryHead *head, json_t *units, json_t *given, json_t *leaf)
{
	json_t *grant = NULL, *held = NULL;
	int r = 0;

	if (json_array_size(given) > 0)
		r = append_and_prove(asked, head, leaf, &grant);
	else
		json_decref(leaf);
	r = r < 0 ? r : find_units(asked, units, &held);
	if (r < 0) {
		json_decref(grant);
		json_decref(held);
		return r;
	}
	return answer_and_commit(
		asked, 200, json_pack("{s:O, s:o, s:o*}", "given", given, "units", held, "grant", grant));
}

static int hold_units(Asked *asked)
{
	_cleanup_(freep) char *text = NULL;
	json_auto_t *given = NULL;
	const char *lot = text_in(asked, "lot");
	char seq[NUMBER_MAX];
	RegistryHead head;
	json_t *units;
	int r;

	if (!read_units(asked, &units))
		return 0;
	if (!lot || !text_is_printable(lot, UNIT_MAX)) {
		refuse(asked, answer_problem(400, "Bad request", "\"lot\" must be the number of the lot"));
		return 0;
	}
	r = registry_lock(asked->connection, &head, &asked->error);
	text = json_dumps(units, JSON_COMPACT);
	if (r < 0 || !text)
		return r < 0 ? r : error_set(&asked->error, -EIO, "no memory for cartridges");
	snprintf(seq, sizeof seq, "%llu", (unsigned long long)head.size);
	const DatabaseValue values[] = { { text, 0 }, { lot, 0 }, { asked->station.id, 0 }, { seq, 0 } };

	r = give_units(asked, sql_hold_units, values, ELEMENTS(values), &given);
	return r < 0 ? r
		     : answer_given(asked, &head, units, given,
			       leaf_about(asked, "units.granted",
				       json_pack("{s:s, s:O}", "lot", lot, "units", given)));
}

static Answer handle_hold(const Clinic *clinic, Request *request)
{
	return answer_request(&clinic->registry, request->name, request->body, request->size, hold_units);
}

static int move_units(Asked *asked)
{
	_cleanup_(freep) char *text = NULL;
	json_auto_t *given = NULL;
	const char *to = text_in(asked, "to");
	char seq[NUMBER_MAX];
	RegistryHead head;
	Station getter;
	json_t *units;
	int r;

	if (!read_units(asked, &units))
		return 0;
	r = to ? station_find(asked->connection, to, &getter, &asked->error)
	       : error_set(&asked->error, -ENOENT, "\"to\" must name the station that gets the cartridges");
	if (r < 0)
		return r;
	if (getter.quarantined) {
		refuse(asked, answer_problem(409, "Quarantined",
				      "the station \"%s\" is quarantined: it gets nothing", to));
		return 0;
	}
	r = registry_lock(asked->connection, &head, &asked->error);
	text = json_dumps(units, JSON_COMPACT);
	if (r < 0 || !text)
		return r < 0 ? r : error_set(&asked->error, -EIO, "no memory for cartridges");
	snprintf(seq, sizeof seq, "%llu", (unsigned long long)head.size);
	const DatabaseValue values[] = { { text, 0 }, { asked->station.id, 0 }, { getter.id, 0 },
		{ seq, 0 } };

	r = give_units(asked, sql_move_units, values, ELEMENTS(values), &given);
	return r < 0 ? r
		     : answer_given(asked, &head, units, given,
			       leaf_about(asked, "units.moved",
				       json_pack("{s:s, s:O}", "to", getter.origin, "units", given)));
}

static Answer handle_move(const Clinic *clinic, Request *request)
{
	return answer_request(&clinic->registry, request->name, request->body, request->size, move_units);
}

static int claim_unit(Asked *asked)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	const char *unit = text_in(asked, "unit");
	const DatabaseValue values[] = { { unit, 0 }, { asked->station.id, 0 }, { asked->request, 0 } };
	json_auto_t *one = NULL;
	json_t *held = NULL;
	int r;

	if (!unit || !text_is_printable(unit, UNIT_MAX)) {
		refuse(asked, answer_problem(400, "Bad request", "\"unit\" must name the cartridge"));
		return 0;
	}
	r = database_run(asked->connection, sql_claim_unit, values, ELEMENTS(values), &row, &asked->error);
	if (r < 0)
		return r;
	one = json_pack("[s]", unit);
	r = find_units(asked, one, &held);
	if (r < 0) {
		json_decref(held);
		return r;
	}
	return answer_and_commit(asked, PQntuples(row) == 1 ? 200 : 409,
		json_pack("{s:b, s:o}", "claimed", PQntuples(row) == 1, "units", held));
}

static Answer handle_claim(const Clinic *clinic, Request *request)
{
	return answer_request(&clinic->registry, request->name, request->body, request->size, claim_unit);
}

/* ---- boots ---- */

/** What is wrong with the log that the station shows after its start; NULL nothing. */
static int judge_log(Asked *asked, const Checkpoint *shown, const char **ret)
{
	_cleanup_(PQclearp) PGresult *mirror = NULL, *seen = NULL;
	char size[NUMBER_MAX];
	const DatabaseValue values[] = { { asked->station.id, 0 }, { size, 0 } };
	Checkpoint known;
	size_t text_size;
	int r = database_run(asked->connection, sql_lock_mirror, values, 1, &mirror, &asked->error);

	*ret = NULL;
	if (r < 0)
		return r;
	if (PQntuples(mirror) == 1 && shown->size < strtoull(PQgetvalue(mirror, 0, 1), NULL, 10)) {
		*ret = "it shows a log that is older than what was seen of it: its card was restored or cloned";
		return 0;
	}
	snprintf(size, sizeof size, "%llu", (unsigned long long)shown->size);
	r = database_run(asked->connection, sql_checkpoint_of_size, values, 2, &seen, &asked->error);
	if (r < 0 || PQntuples(seen) == 0)
		return r;
	if (note_read(PQgetvalue(seen, 0, 0), strlen(PQgetvalue(seen, 0, 0)), &text_size, NULL) < 0 ||
		checkpoint_parse(PQgetvalue(seen, 0, 0), text_size, &known, NULL) < 0)
		return error_set(&asked->error, -EIO, "a checkpoint in the database is damaged");
	if (!merkle_hash_equal(&known.root, &shown->root))
		*ret = "it shows another log of the same size than what was seen of it: its card was cloned";
	return 0;
}

static int quarantine(Asked *asked, const RegistryHead *head, const char *why)
{
	json_t *proof = NULL;
	int r = database_do(asked->connection, sql_quarantine_station,
		&(DatabaseValue){ asked->station.id, 0 }, 1, &asked->error);

	if (r >= 0)
		r = append_and_prove(asked, head,
			leaf_about(asked, "station.quarantined", json_pack("{s:s}", "why", why)), &proof);
	return r < 0 ? r
		     : answer_and_commit(asked, 403,
			       json_pack("{s:s, s:i, s:s+, s:o}", "title", "Quarantined", "status", 403,
				       "detail",
				       "the station is quarantined, and what it held is written off: ", why,
				       "proof", proof));
}

static int confirm_boot(Asked *asked)
{
	const char *note = text_in(asked, "checkpoint"), *boot = text_in(asked, "boot"), *flaw;
	json_t *proof = NULL;
	RegistryHead head;
	Checkpoint shown;
	Error error;
	int r;

	if (!is_uuid(boot) || !note) {
		refuse(asked,
			answer_problem(400, "Bad request",
				"\"boot\" must be the boot's UUID, and \"checkpoint\" the newest one of the log"));
		return 0;
	}
	if (checkpoint_open(note, strlen(note), &asked->station.key, 1, asked->station.origin, &shown, NULL,
		    &error) < 0) {
		refuse(asked, answer_problem(403, "Not signed by the log", "%s", error.text));
		return 0;
	}
	r = judge_log(asked, &shown, &flaw);
	r = r < 0 ? r : registry_lock(asked->connection, &head, &asked->error);
	if (r < 0)
		return r;
	if (flaw)
		return quarantine(asked, &head, flaw);
	r = append_and_prove(asked, &head,
		leaf_about(asked, "boot.confirmed",
			json_pack("{s:s, s:I}", "boot", boot, "size", (json_int_t)shown.size)),
		&proof);
	return r < 0 ? r : answer_and_commit(asked, 200, json_pack("{s:o}", "proof", proof));
}

static Answer handle_boot(const Clinic *clinic, Request *request)
{
	return answer_request(&clinic->registry, request->name, request->body, request->size, confirm_boot);
}

const Route registry_routes[] = {
	{ "POST", "/registry/hold", ROUTE_STATION, "application/json", handle_hold },
	{ "POST", "/registry/claim", ROUTE_STATION, "application/json", handle_claim },
	{ "POST", "/registry/move", ROUTE_STATION, "application/json", handle_move },
	{ "POST", "/registry/boot", ROUTE_STATION, "application/json", handle_boot },
	{ 0 },
};
