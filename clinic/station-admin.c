/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The commands that invite, list and revoke stations. A code must not be kept in plain text anywhere, and
 * must be shown once.
 */

#include "station-admin.h"

#include <string.h>

#include <jansson.h>

#include "clinic-sql.h"
#include "station.h"
#include "util/text.h"

enum { NUMBER_DRAWS = 8 };

/* ---- invite ---- */

/** A new code, kept as a hash. *ret_until: until when it is valid. */
static int keep_invitation(PGconn *connection, const Authority *authority, const char *name, Invitation *ret,
	char ret_until[32], Error *error)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	uint8_t salt[ENROLMENT_SALT_BYTES], hash[DIGEST_BYTES];
	char minutes[12];
	int r = invitation_make(authority_fingerprint(authority), ret);

	r = r < 0 ? r : random_bytes(salt, sizeof salt);
	r = r < 0 ? r : enrolment_hash(ret, salt, hash);
	if (r < 0)
		return error_set(error, -EIO, "the system gives no random bytes");
	snprintf(minutes, sizeof minutes, "%d", ENROLMENT_MINUTES);
	const DatabaseValue values[] = { { ret->number, 0 }, { name, 0 }, { salt, sizeof salt },
		{ hash, sizeof hash }, { minutes, 0 } };

	r = database_run(connection, sql_add_invitation, values, ELEMENTS(values), &row, error);
	if (r < 0)
		return r;
	if (PQntuples(row) == 0)
		return -EEXIST;
	snprintf(ret_until, 32, "%s", PQgetvalue(row, 0, 0));
	return 0;
}

/** Says what is special about an invitation to a name that is known. */
static int judge_name(PGconn *connection, const char *name, const char **ret, Error *error)
{
	Station station;
	int r;

	*ret = NULL;
	if (!text_is_identifier(name, STATION_NAME_MAX - 1))
		return error_set(error, -EINVAL,
			"a station's name is of letters, digits, '-', '_' and '.', at most %d: \"%.80s\" is not",
			STATION_NAME_MAX - 1, name);
	r = station_find(connection, name, &station, error);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	*ret = station.quarantined
		       ? "The station that had this name was revoked: the new one takes its place."
		       : "This station is enrolled: the code gives it a new certificate, as long as it has the same log.";
	return 0;
}

static void print_invitation(
	const Program *program, const char *name, const char *code, const char *until, const char *remark)
{
	char fingerprint[2 * DIGEST_BYTES + 1], url[300];
	bool six = strchr(program->config.host, ':') != NULL;

	hex_encode(authority_fingerprint(program->authority), DIGEST_BYTES, fingerprint);
	snprintf(url, sizeof url, "https://%s%.200s%s:%u", six ? "[" : "",
		program->config.host[0] ? program->config.host : "SERVER", six ? "]" : "",
		program->config.port);
	if (program->options.json) {
		printf("{\"name\":\"%s\",\"url\":\"%s\",\"code\":\"%s\",\"valid_until\":\"%s\",\"fingerprint\":\"%s\"}\n",
			name, url, code, until, fingerprint);
		return;
	}
	printf("An administrator types this at the station \"%s\", once, before %s:\n\n"
	       "  sudo stipple-registryd join %s %s\n\n"
	       "The fingerprint of the clinic's authority is part of the code. In full (SHA-256):\n  %s\n",
		name, until, url, code, fingerprint);
	if (remark)
		printf("%s\n", remark);
}

static int invite_station(Program *program, PGconn *connection, const char *name, Error *error)
{
	char code[INVITATION_CODE_MAX], until[32];
	const char *remark;
	Invitation invitation;
	int r = judge_name(connection, name, &remark, error);

	if (r < 0)
		return r;
	r = -EEXIST;
	for (unsigned i = 0; r == -EEXIST && i < NUMBER_DRAWS; i++)
		r = keep_invitation(connection, program->authority, name, &invitation, until, error);
	if (r == -EEXIST)
		return error_set(error, r, "too many invitations are open: wait for an hour");
	if (r < 0)
		return r;
	invitation_write(&invitation, code);
	print_invitation(program, name, code, until, remark);
	return 0;
}

/** Runs `work` with a connection of its own. */
static int with_connection(Program *program,
	int (*work)(Program *program, PGconn *connection, const char *name, Error *error), const char *name,
	Error *error)
{
	PGconn *connection;
	int r = database_take(program->database, &connection, error);

	if (r < 0)
		return r;
	r = work(program, connection, name, error);
	database_give(program->database, connection);
	return r;
}

int station_invite_run(Program *program, char **words, Error *error)
{
	if (!program->authority)
		return error_set(error, -ENOENT,
			"this server has no authority for certificates: set [authority], or run stipple-clinicd setup on a new server");
	return with_connection(program, invite_station, words[0], error);
}

/* ---- list ---- */

enum { LIST_NAME, LIST_LOG, LIST_STATE, LIST_MIRRORED, LIST_SIGNED, LIST_HOLDS, LIST_UNTIL, LIST_SEEN };

static json_t *pack_text(const PGresult *rows, int row, int column)
{
	return PQgetisnull(rows, row, column) ? json_null() : json_string(PQgetvalue(rows, row, column));
}

static json_t *pack_count(const PGresult *rows, int row, int column)
{
	return json_integer(strtoll(PQgetvalue(rows, row, column), NULL, 10));
}

static int print_as_json(const PGresult *rows, Error *error)
{
	_cleanup_(freep) char *text = NULL;
	json_auto_t *list = json_array();

	for (int i = 0; list && i < PQntuples(rows); i++)
		json_array_append_new(list,
			json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "name",
				pack_text(rows, i, LIST_NAME), "log", pack_text(rows, i, LIST_LOG), "state",
				pack_text(rows, i, LIST_STATE), "mirrored",
				pack_count(rows, i, LIST_MIRRORED), "signed",
				pack_count(rows, i, LIST_SIGNED), "holds", pack_count(rows, i, LIST_HOLDS),
				"certificate_until", pack_text(rows, i, LIST_UNTIL), "last_checkpoint",
				pack_text(rows, i, LIST_SEEN)));
	text = list ? json_dumps(list, JSON_COMPACT | JSON_SORT_KEYS) : NULL;
	if (!text)
		return error_set(error, -ENOMEM, "no memory");
	puts(text);
	return 0;
}

static const char *or_none(const PGresult *rows, int row, int column)
{
	return PQgetisnull(rows, row, column) ? "-" : PQgetvalue(rows, row, column);
}

static int station_list_stations(Program *program, PGconn *connection, const char *name, Error *error)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	int r = database_run(connection, sql_list_stations, NULL, 0, &rows, error);

	if (r < 0)
		return r;
	if (program->options.json)
		return print_as_json(rows, error);
	if (PQntuples(rows) == 0)
		puts("no station is enrolled: stipple-clinicd invite NAME");
	else
		printf("%-20s %-12s %10s %6s  %-20s  %s\n", "STATION", "STATE", "MIRRORED", "HOLDS",
			"LAST CHECKPOINT", "CERTIFICATE UNTIL");
	for (int i = 0; i < PQntuples(rows); i++)
		printf("%-20s %-12s %10s %6s  %-20s  %s\n", or_none(rows, i, LIST_NAME),
			or_none(rows, i, LIST_STATE), or_none(rows, i, LIST_MIRRORED),
			or_none(rows, i, LIST_HOLDS), or_none(rows, i, LIST_SEEN),
			or_none(rows, i, LIST_UNTIL));
	return 0;
}

int station_list_run(Program *program, char **words, Error *error)
{
	return with_connection(program, station_list_stations, NULL, error);
}

/* ---- revoke ---- */

#define WHY_REVOKED "the administrator revoked it"

static int revoke_within(Program *program, PGconn *connection, const Station *station, Error *error)
{
	const DatabaseValue id = { station->id, 0 };
	int r = database_do(connection, "BEGIN", NULL, 0, error);

	r = r < 0 ? r : database_do(connection, sql_revoke_certificates, &id, 1, error);
	r = r < 0 ? r : database_do(connection, sql_quarantine_station, &id, 1, error);
	if (r >= 0 && !station->quarantined)
		r = enrolment_append_leaf(connection, program->registry, "station.quarantined",
			station->origin, json_pack("{s:s}", "why", WHY_REVOKED), error);
	return r < 0 ? r : database_do(connection, "COMMIT", NULL, 0, error);
}

static int revoke_station(Program *program, PGconn *connection, const char *name, Error *error)
{
	Station station;
	int r = station_find(connection, name, &station, error);

	r = r < 0 ? r : revoke_within(program, connection, &station, error);
	if (r < 0)
		return r;
	printf("The station \"%s\" is revoked: it is answered nothing, and what it held is written off.\n"
	       "Its records stay. To let a station with this name join: stipple-clinicd invite %s\n",
		name, name);
	return 0;
}

int station_revoke_run(Program *program, char **words, Error *error)
{
	return with_connection(program, revoke_station, words[0], error);
}
