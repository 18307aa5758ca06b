/* SPDX-License-Identifier: Apache-2.0 */

/** A pool of connections to PostgreSQL, and the schema's versions. It must not talk to a standby. */

#include "database.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include "clinic-sql.h"
#include "database-session.h"
#include "database-wait.h"

struct Database {
	char *conninfo;
	pthread_mutex_t lock;
	pthread_cond_t freed;
	unsigned timeline; /* the newest that was seen */
	unsigned left;     /* connections that nobody has */
	unsigned n_idle;   /* of them, those that are open */
	PGconn *idle[];
};

/* ---- the pool ---- */

static int connect_within(const char *conninfo, PGconn **ret)
{
	int64_t deadline_ms = database_deadline_ms();
	PGconn *connection = PQconnectStart(conninfo);
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	while (connection && PQstatus(connection) != CONNECTION_BAD && status != PGRES_POLLING_OK &&
		status != PGRES_POLLING_FAILED) {
		if (database_wait_socket(
			    connection, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_ms) < 0)
			break;
		status = PQconnectPoll(connection);
	}
	*ret = connection;
	return connection && status == PGRES_POLLING_OK && PQsetnonblocking(connection, 1) == 0 ? 0 : -EAGAIN;
}

int database_new(const char *conninfo, unsigned n, Database **ret)
{
	Database *database = calloc(1, sizeof *database + n * sizeof database->idle[0]);

	if (!database)
		return -ENOMEM;
	database->conninfo = strdup(conninfo);
	if (!database->conninfo) {
		free(database);
		return -ENOMEM;
	}
	pthread_mutex_init(&database->lock, NULL);
	pthread_cond_init(&database->freed, NULL);
	database->left = n;
	*ret = database;
	return 0;
}

Database *database_free(Database *database)
{
	if (!database)
		return NULL;
	while (database->n_idle > 0)
		PQfinish(database->idle[--database->n_idle]);
	pthread_cond_destroy(&database->freed);
	pthread_mutex_destroy(&database->lock);
	free(database->conninfo);
	free(database);
	return NULL;
}

static void drop_connection(Database *database, PGconn *connection)
{
	PQfinish(connection);
	pthread_mutex_lock(&database->lock);
	database->left++;
	pthread_cond_signal(&database->freed);
	pthread_mutex_unlock(&database->lock);
}

/** Reads whose timeline a new connection's server writes. One that writes none is a standby. */
static int read_timeline(Database *database, PGconn *connection, Error *error)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	unsigned timeline;
	bool older;
	int r = session_attach(connection);

	if (r < 0)
		return error_set(error, -EAGAIN, "no memory for a connection to the database");
	r = database_run(connection, sql_timeline, NULL, 0, &row, error);
	if (r < 0)
		return error_set(
			error, -EAGAIN, "the database that was reached takes no changes: is it a standby?");
	timeline = (unsigned)strtoul(PQgetvalue(row, 0, 0), NULL, 16);
	session_set_timeline(connection, timeline);
	pthread_mutex_lock(&database->lock);
	older = timeline < database->timeline;
	if (!older)
		database->timeline = timeline;
	pthread_mutex_unlock(&database->lock);
	return older ? error_set(error, -EAGAIN,
			       "the database that was reached is an old primary: another took over from it")
		     : 0;
}

static int make_connection(Database *database, PGconn **ret, Error *error)
{
	if (connect_within(database->conninfo, ret) < 0)
		return error_set(error, -EAGAIN, "the database cannot be reached: %.200s",
			*ret ? PQerrorMessage(*ret) : "no memory");
	return read_timeline(database, *ret, error);
}

int database_take(Database *database, PGconn **ret, Error *error)
{
	PGconn *connection = NULL, *old = NULL;
	int r;

	pthread_mutex_lock(&database->lock);
	while (database->left == 0)
		pthread_cond_wait(&database->freed, &database->lock);
	database->left--;
	if (database->n_idle > 0)
		connection = database->idle[--database->n_idle];
	if (connection && session_timeline(connection) < database->timeline)
		old = TAKE_PTR(connection);
	pthread_mutex_unlock(&database->lock);
	PQfinish(old);
	r = connection ? 0 : make_connection(database, &connection, error);
	if (r < 0) {
		drop_connection(database, connection);
		return r;
	}
	*ret = connection;
	return 0;
}

unsigned database_timeline(Database *database)
{
	unsigned timeline;

	pthread_mutex_lock(&database->lock);
	timeline = database->timeline;
	pthread_mutex_unlock(&database->lock);
	return timeline;
}

unsigned database_timeline_of(const PGconn *connection)
{
	return session_timeline(connection);
}

void database_give(Database *database, PGconn *connection)
{
	bool sound = connection && PQstatus(connection) == CONNECTION_OK &&
		     PQtransactionStatus(connection) == PQTRANS_IDLE;

	if (!sound) {
		drop_connection(database, connection);
		return;
	}
	pthread_mutex_lock(&database->lock);
	database->idle[database->n_idle++] = connection;
	database->left++;
	pthread_cond_signal(&database->freed);
	pthread_mutex_unlock(&database->lock);
}

void database_abandon(Database *database, PGconn *connection)
{
	if (PQtransactionStatus(connection) == PQTRANS_INTRANS ||
		PQtransactionStatus(connection) == PQTRANS_INERROR)
		(void)!database_do(connection, "ROLLBACK", NULL, 0, NULL);
	database_give(database, connection);
}

/* ---- schema ---- */

static int read_version(PGconn *connection, long *ret, Error *error)
{
	_cleanup_(PQclearp) PGresult *there = NULL, *version = NULL;
	int r = database_run(
		connection, "SELECT to_regclass('schema_version') IS NOT NULL", NULL, 0, &there, error);

	*ret = 0;
	if (r < 0 || PQgetvalue(there, 0, 0)[0] == 'f')
		return r;
	r = database_run(connection, "SELECT version FROM schema_version", NULL, 0, &version, error);
	if (r >= 0 && PQntuples(version) == 1)
		*ret = strtol(PQgetvalue(version, 0, 0), NULL, 10);
	return r;
}

static int migrate_within(PGconn *connection, Error *error)
{
	long version, newest = 0;
	int r = database_do(
		connection, "SELECT pg_advisory_xact_lock(hashtext('stipple.migrate'))", NULL, 0, error);

	while (sql_schema[newest])
		newest++;
	r = r < 0 ? r : read_version(connection, &version, error);
	if (r < 0)
		return r;
	if (version > newest)
		return error_set(error, -EIO,
			"the database is of version %ld, and this server knows up to %ld: install the newer one",
			version, newest);
	for (; version < newest; version++) {
		r = database_do(connection, sql_schema[version], NULL, 0, error);
		if (r < 0)
			return r;
	}
	return 0;
}

int database_migrate(Database *database, Error *error)
{
	PGconn *connection;
	int r = database_take(database, &connection, error);

	if (r < 0)
		return r;
	r = database_do(connection, "BEGIN", NULL, 0, error);
	r = r < 0 ? r : migrate_within(connection, error);
	r = r < 0 ? r : database_do(connection, "COMMIT", NULL, 0, error);
	database_give(database, connection);
	return r;
}
