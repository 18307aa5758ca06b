/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Quarantine and its undoing. What was written off must never come back: a station that is admitted again
 * begins with a new log and nothing.
 */

#include "quarantine.h"

#include <string.h>

#include "clinic-sql.h"

enum { NUMBER_MAX = 24 };

int quarantine_station(PGconn *connection, const NoteSigner *signer, const Station *station,
	const Contradiction *contradiction, Error *error)
{
	char request[REGISTRY_REQUEST_MAX], seq[NUMBER_MAX];
	const char *note = contradiction->note, *other = contradiction->other_note;
	RegistryHead head;
	int r = registry_lock(connection, &head, error);

	if (r < 0)
		return r;
	registry_request(request);
	snprintf(seq, sizeof seq, "%llu", (unsigned long long)head.size);
	r = registry_append(connection, &head, signer,
		registry_leaf("station.quarantined", station->origin, request,
			other ? json_pack("{s:s, s:[s, s]}", "why", contradiction->says, "notes", note, other)
			      : json_pack("{s:s, s:[s]}", "why", contradiction->says, "notes", note)),
		error);
	if (r < 0)
		return r;
	const DatabaseValue values[] = { { "station.cloned", 0 }, { station->id, 0 },
		{ contradiction->says, 0 }, { NULL, 0 }, { NULL, 0 }, { seq, 0 }, { note, 0 }, { other, 0 } };

	r = database_do(connection, sql_quarantine_station, &values[1], 1, error);
	return r < 0 ? r : database_do(connection, sql_add_finding, values, ELEMENTS(values), error);
}

/* ---- admitting again ---- */

static int enrol_again(
	PGconn *connection, const NoteSigner *signer, const char *name, const char *key, Error *error)
{
	char request[REGISTRY_REQUEST_MAX];
	RegistryHead head;
	Station station;
	int r = station_enrol(connection, name, key, error);

	r = r < 0 ? r : station_find(connection, name, &station, error);
	r = r < 0 ? r : registry_lock(connection, &head, error);
	if (r < 0)
		return r;
	registry_request(request);
	return registry_append(connection, &head, signer,
		registry_leaf("station.enrolled", station.origin, request,
			json_pack("{s:s, s:s}", "name", name, "key", key)),
		error);
}

static int readmit(PGconn *connection, const NoteSigner *signer, char **words, Error *error)
{
	Station station;
	int r = station_find(connection, words[0], &station, error);

	if (r < 0)
		return r;
	if (!station.quarantined)
		return error_set(error, -EEXIST,
			"the station \"%s\" is not quarantined: nothing is to be done", station.name);
	r = database_do(connection, sql_revoke_certificates, &(DatabaseValue){ station.id, 0 }, 1, error);
	r = r < 0 ? r
		  : database_do(connection, sql_retire_station, &(DatabaseValue){ station.id, 0 }, 1, error);
	return r < 0 ? r : enrol_again(connection, signer, words[0], words[1], error);
}

int readmit_run(Program *program, char **words, Error *error)
{
	PGconn *connection;
	int r = database_take(program->database, &connection, error);

	if (r < 0)
		return r;
	r = database_do(connection, "BEGIN", NULL, 0, error);
	r = r < 0 ? r : readmit(connection, program->registry, words, error);
	r = r < 0 ? r : database_do(connection, "COMMIT", NULL, 0, error);
	database_give(program->database, connection);
	if (r >= 0)
		printf("the station \"%s\" is admitted with its new log; it holds nothing yet\n", words[0]);
	return r;
}

/* ---- findings ---- */

int findings_run(Program *program, char **words, Error *error)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	PGconn *connection;
	int r = database_take(program->database, &connection, error);

	if (r < 0)
		return r;
	r = database_run(connection, sql_list_findings, NULL, 0, &rows, error);
	for (int i = 0; r >= 0 && i < PQntuples(rows); i++)
		printf("%s  %s  %s: %s\n", PQgetvalue(rows, i, 0), PQgetvalue(rows, i, 1),
			PQgetvalue(rows, i, 2), PQgetvalue(rows, i, 3));
	if (r >= 0 && PQntuples(rows) == 0)
		puts("nothing contradicts itself");
	database_give(program->database, connection);
	return r;
}
