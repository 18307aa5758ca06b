/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Checks hand-over notes that receivers report. It must not believe a note that the giver's log did not sign.
 */

#include "registry-handover.h"

#include <string.h>

#include "clinic-sql.h"
#include "clinic/handover-note.h"
#include "station.h"

/** The station whose log has this name. -ENOENT: none. */
static int find_giver(const Registry *registry, const char *origin, Ask *ask, NoteVerifier *ret, Error *error)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	PGconn *connection;
	Station station;
	int r = database_take(registry->database, &connection, error);

	if (r < 0)
		return r;
	r = database_run(connection, sql_station_by_origin, &(DatabaseValue){ origin, 0 }, 1, &row, error);
	database_give(registry->database, connection);
	if (r < 0)
		return r;
	if (PQntuples(row) != 1)
		return error_set(
			error, -ENOENT, "the note is of the log %.200s, which no station here has", origin);
	snprintf(ask->giver, sizeof ask->giver, "%s", PQgetvalue(row, 0, 4));
	r = station_read(row, ask->giver, &station, error);
	if (r >= 0)
		*ret = station.key;
	return r;
}

static Answer refuse_note(const Error *error)
{
	return answer_problem(403, "No valid note", "%s", error->text);
}

Answer registry_open_handover(const Registry *registry, Ask *ask)
{
	const char *text = ask_text(ask, "note");
	char origin[NOTE_NAME_MAX];
	HandoverNote note = { 0 };
	NoteVerifier giver;
	Answer refusal;
	Error error;
	int r;

	if (handover_note_giver(text, strlen(text), origin, &error) < 0)
		return refuse_note(&error);
	if (find_giver(registry, origin, ask, &giver, &error) < 0)
		return answer_trouble(&error);
	if (handover_note_open(
		    text, strlen(text), &giver, note_signer_verifier(registry->signer), &note, &error) < 0)
		return refuse_note(&error);
	r = json_object_set(ask->body, "units", note.units);
	r = r < 0 ? r : json_object_set_new(ask->body, "to", json_string(note.to));
	handover_note_done(&note);
	refusal = ask_check_units(ask);
	return r < 0 ? answer_text(500, "", NULL) : refusal;
}
