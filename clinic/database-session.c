/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Which statements a connection has prepared, whose timeline its server writes, and whether it warned. It
 * must not talk to the server.
 */

#include "database-session.h"

#include <string.h>

#include <libpq-events.h>

enum { STATEMENTS_MAX = 128 };

typedef struct Session {
	unsigned timeline;
	unsigned names; /* that were given: none is given twice */
	bool warned;
	size_t n;
	struct {
		char *sql;
		unsigned name;
	} statements[STATEMENTS_MAX];
} Session;

static int on_event(PGEventId event, void *info, void *through)
{
	PGconn *connection;
	Session *session;

	if (event != PGEVT_CONNDESTROY)
		return 1;
	connection = ((PGEventConnDestroy *)info)->conn;
	session = PQinstanceData(connection, on_event);
	for (size_t i = 0; session && i < session->n; i++)
		free(session->statements[i].sql);
	free(session);
	return 1;
}

static void on_notice(void *userdata, const PGresult *notice)
{
	Session *session = userdata;
	const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);

	if (severity && strcmp(severity, "WARNING") == 0)
		session->warned = true;
}

int session_attach(PGconn *connection)
{
	Session *session = calloc(1, sizeof *session);

	if (session && PQregisterEventProc(connection, on_event, "stipple", NULL) &&
		PQsetInstanceData(connection, on_event, session)) {
		PQsetNoticeReceiver(connection, on_notice, session);
		return 0;
	}
	free(session);
	return -ENOMEM;
}

static Session *database_session_of(const PGconn *connection)
{
	return PQinstanceData(connection, on_event);
}

void session_set_timeline(PGconn *connection, unsigned timeline)
{
	database_session_of(connection)->timeline = timeline;
}

unsigned session_timeline(const PGconn *connection)
{
	const Session *session = database_session_of(connection);

	return session ? session->timeline : 0;
}

bool session_take_warning(PGconn *connection)
{
	Session *session = database_session_of(connection);
	bool warned = session && session->warned;

	if (warned)
		session->warned = false;
	return warned;
}

bool session_find(const PGconn *connection, const char *sql, char ret[SESSION_NAME_MAX])
{
	const Session *session = database_session_of(connection);

	for (size_t i = 0; session && i < session->n; i++)
		if (strcmp(session->statements[i].sql, sql) == 0) {
			snprintf(ret, SESSION_NAME_MAX, "s%u", session->statements[i].name);
			return true;
		}
	return false;
}

bool session_add(PGconn *connection, const char *sql, char ret[SESSION_NAME_MAX])
{
	Session *session = database_session_of(connection);
	char *copy = session && session->n < STATEMENTS_MAX ? strdup(sql) : NULL;

	if (!copy)
		return false;
	session->statements[session->n].sql = copy;
	session->statements[session->n++].name = session->names;
	snprintf(ret, SESSION_NAME_MAX, "s%u", session->names++);
	return true;
}

size_t session_prepared(const PGconn *connection)
{
	const Session *session = database_session_of(connection);

	return session ? session->n : 0;
}

void session_forget(PGconn *connection, size_t n)
{
	Session *session = database_session_of(connection);

	while (session && session->n > n)
		free(session->statements[--session->n].sql);
}
