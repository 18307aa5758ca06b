/* SPDX-License-Identifier: Apache-2.0 */

/** What the mirror's requests share. It must not judge what a station sends. */

#include "mirror.h"

#include <string.h>
#include <time.h>

#include "clinic-sql.h"
#include "mirror-asked.h"

const char *mirror_number(uint64_t value, char text[MIRROR_NUMBER_MAX])
{
	snprintf(text, MIRROR_NUMBER_MAX, "%llu", (unsigned long long)value);
	return text;
}

static int read_asked(MirrorAsked *asked, const char *name, const PGresult *row)
{
	int r;

	if (PQntuples(row) != 1)
		return error_set(&asked->error, -ENOENT,
			"no station \"%.63s\" is enrolled here: invite it first", name);
	r = station_read(row, name, &asked->station, &asked->error);
	asked->next_entry = strtoull(PQgetvalue(row, 0, 4), NULL, 10);
	asked->pending_size = strtoull(PQgetvalue(row, 0, 5), NULL, 10);
	asked->mirror_size = strtoull(PQgetvalue(row, 0, 6), NULL, 10);
	return r;
}

int mirror_begin(MirrorAsked *asked, const Mirror *mirror, const Request *request)
{
	const DatabaseValue name = { request->name, 0 };
	const DatabaseStep steps[] = { { "BEGIN" }, { sql_lock_mirror, &name, 1 } };
	PGresult *rows[ELEMENTS(steps)] = { 0 };
	int r;

	asked->mirror = mirror;
	(void)request_seen(request, &asked->seen);
	r = database_take(mirror->database, &asked->connection, &asked->error);
	r = r < 0 ? r : database_pipeline(asked->connection, steps, ELEMENTS(steps), rows, &asked->error);
	r = r < 0 ? r : read_asked(asked, request->name, rows[1]);
	PQclear(rows[0]);
	PQclear(rows[1]);
	return r;
}

int mirror_commit(MirrorAsked *asked)
{
	return database_do(asked->connection, "COMMIT", NULL, 0, &asked->error);
}

void mirror_done(MirrorAsked *asked)
{
	if (asked->connection)
		database_abandon(asked->mirror->database, asked->connection);
}

int mirror_find_checkpoint(MirrorAsked *asked, uint64_t size, char **ret_note, Checkpoint *ret)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	_cleanup_(freep) char *note = NULL;
	char text[MIRROR_NUMBER_MAX];
	const DatabaseValue values[] = { { asked->station.id, 0 }, { mirror_number(size, text), 0 } };
	size_t text_size;
	int r = database_run(
		asked->connection, sql_checkpoint_of_size, values, ELEMENTS(values), &row, &asked->error);

	if (r < 0)
		return r;
	if (PQntuples(row) == 0)
		return -ENOENT;
	note = strdup(PQgetvalue(row, 0, 0));
	if (!note)
		return error_set(&asked->error, -EIO, "no memory for a checkpoint");
	r = note_read(note, strlen(note), &text_size, &asked->error);
	r = r < 0 ? r : checkpoint_parse(note, text_size, ret, &asked->error);
	if (r >= 0)
		*ret_note = TAKE_PTR(note);
	return r < 0 ? -EIO : 0;
}

int mirror_cosign(const NoteSigner *const *signers, size_t n, const char *note, char **ret)
{
	_cleanup_(freep) char *lines = strdup("");
	int r = lines ? 0 : -ENOMEM;

	for (size_t i = 0; i < n && signers[i] && r >= 0; i++) {
		_cleanup_(freep) char *line = NULL, *before = TAKE_PTR(lines);

		r = note_cosign(signers[i], note, strlen(note), time(NULL), &line);
		if (r >= 0 && asprintf(&lines, "%s%s", before, line) < 0) {
			lines = NULL;
			r = -ENOMEM;
		}
	}
	if (r >= 0)
		*ret = TAKE_PTR(lines);
	return r;
}

Answer mirror_answer_cosigned(const NoteSigner *const *signers, size_t n, const char *note)
{
	char *lines;
	int r = mirror_cosign(signers, n, note, &lines);

	return r < 0 ? answer_problem(500, "Not cosigned",
			       "the checkpoint is stored, and cannot be cosigned: %s", strerror(-r))
		     : answer_text(200, "text/plain; charset=utf-8", lines);
}

Answer mirror_refuse_quarantined(const char *name)
{
	return answer_problem(403, "Quarantined",
		"the station \"%s\" is quarantined: ask the clinic's administrator to admit it anew", name);
}
