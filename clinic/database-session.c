/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Which statements a connection has prepared, and whose timeline its server writes. It must not talk to the
 * server.
 */

#include "database-session.h"

#include <string.h>

#include <libpq-events.h>

enum { STATEMENTS_MAX = 128 };

typedef struct Session {
	unsigned timeline;
	size_t n;
	char *statements[STATEMENTS_MAX]; /* their texts; number i has the name "si" */
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
		free(session->statements[i]);
	free(session);
	return 1;
}

int session_attach(PGconn *connection)
{
	Session *session = calloc(1, sizeof *session);

	if (session && PQregisterEventProc(connection, on_event, "stipple", NULL) &&
		PQsetInstanceData(connection, on_event, session))
		return 0;
	free(session);
	return -ENOMEM;
}

static Session *session_of(const PGconn *connection)
{
	return PQinstanceData(connection, on_event);
}

void session_set_timeline(PGconn *connection, unsigned timeline)
{
	session_of(connection)->timeline = timeline;
}

unsigned session_timeline(const PGconn *connection)
{
	const Session *session = session_of(connection);

	return session ? session->timeline : 0;
}

const char *session_name(PGconn *connection, const char *sql, char ret[SESSION_NAME_MAX], bool *ret_new)
{
	const Session *session = session_of(connection);
	size_t i = 0;

	if (!session)
		return NULL;
	while (i < session->n && strcmp(session->statements[i], sql) != 0)
		i++;
	if (i == STATEMENTS_MAX)
		return NULL;
	*ret_new = i == session->n;
	snprintf(ret, SESSION_NAME_MAX, "s%zu", i);
	return ret;
}

void session_keep(PGconn *connection, const char *sql)
{
	Session *session = session_of(connection);

	session->statements[session->n] = strdup(sql);
	if (session->statements[session->n])
		session->n++;
}
