/* SPDX-License-Identifier: Apache-2.0 */

/** Stations on record. It must not judge what they ask. */

#include "station.h"

#include <string.h>

#include "clinic-sql.h"
#include "util/text.h"

#define ID(column) PQgetvalue(row, 0, column)

int station_read(const PGresult *row, const char *name, Station *ret, Error *error)
{
	Station station = { 0 };
	int r;

	snprintf(station.id, sizeof station.id, "%s", ID(0));
	snprintf(station.name, sizeof station.name, "%s", name);
	snprintf(station.origin, sizeof station.origin, "%s", ID(1));
	station.quarantined = strcmp(ID(3), "active") != 0;
	r = note_verifier_parse(ID(2), &station.key, error);
	if (r >= 0)
		*ret = station;
	return r;
}

int station_find(PGconn *connection, const char *name, Station *ret, Error *error)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	int r = database_run(connection, sql_station_by_name, &(DatabaseValue){ name, 0 }, 1, &row, error);

	if (r < 0)
		return r;
	if (PQntuples(row) == 0)
		return error_set(
			error, -ENOENT, "no station \"%.63s\" is enrolled here: invite it first", name);
	return station_read(row, name, ret, error);
}

int station_enrol(PGconn *connection, const char *name, const char *key, Error *error)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	NoteVerifier verifier;
	int r = note_verifier_parse(key, &verifier, error);

	if (r < 0)
		return r;
	if (!text_is_identifier(name, STATION_NAME_MAX - 1))
		return error_set(error, -EINVAL,
			"a station's name is of letters, digits, '-', '_' and '.', at most %d: \"%.80s\" is not",
			STATION_NAME_MAX - 1, name);
	const DatabaseValue values[] = { { name, 0 }, { verifier.name, 0 }, { key, 0 } };

	r = database_run(connection, sql_enrol_station, values, ELEMENTS(values), &row, error);
	if (r < 0)
		return r;
	if (PQntuples(row) == 0)
		return error_set(error, -EEXIST,
			"the station \"%.63s\" or its log %.100s is enrolled already", name, verifier.name);
	return 0;
}
