/* SPDX-License-Identifier: Apache-2.0 */

/** A pool of connections to PostgreSQL, each with a deadline. It must not cancel a statement. */

#include "database.h"

#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include "clinic-sql.h"
#include "database-session.h"

enum { VALUES_MAX = 12 };

struct Database {
	char *conninfo;
	pthread_mutex_t lock;
	pthread_cond_t freed;
	unsigned timeline; /* the newest that was seen */
	unsigned left;     /* connections that nobody has */
	unsigned n_idle;   /* of them, those that are open */
	PGconn *idle[];
};

/* ---- waiting ---- */

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

/** Waits for the connection's socket. -EAGAIN after the deadline. */
static int wait_for_socket(PGconn *connection, short events, int64_t deadline_ms)
{
	struct pollfd poll_fd = { .fd = PQsocket(connection), .events = events };
	int64_t left_ms = deadline_ms - now_ms();

	if (poll_fd.fd < 0 || left_ms <= 0)
		return -EAGAIN;
	return poll(&poll_fd, 1, (int)left_ms) > 0 ? 0 : -EAGAIN;
}

static int connect_within(const char *conninfo, PGconn **ret)
{
	int64_t deadline_ms = now_ms() + DATABASE_PATIENCE_S * 1000LL;
	PGconn *connection = PQconnectStart(conninfo);
	PostgresPollingStatusType status = PGRES_POLLING_WRITING;

	while (connection && PQstatus(connection) != CONNECTION_BAD && status != PGRES_POLLING_OK &&
		status != PGRES_POLLING_FAILED) {
		if (wait_for_socket(
			    connection, status == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline_ms) < 0)
			break;
		status = PQconnectPoll(connection);
	}
	*ret = connection;
	return connection && status == PGRES_POLLING_OK && PQsetnonblocking(connection, 1) == 0 ? 0 : -EAGAIN;
}

/** Sends what waits. -EAGAIN when the server does not take it in time. */
static int flush_within(PGconn *connection, int64_t deadline_ms)
{
	int left;

	while ((left = PQflush(connection)) > 0)
		if (wait_for_socket(connection, POLLIN | POLLOUT, deadline_ms) < 0 ||
			!PQconsumeInput(connection))
			return -EAGAIN;
	return left < 0 ? -EAGAIN : 0;
}

/** The next result; *ret is NULL after the last. -EAGAIN when it does not come in time. */
static int next_result(PGconn *connection, int64_t deadline_ms, PGresult **ret)
{
	while (PQisBusy(connection))
		if (wait_for_socket(connection, POLLIN, deadline_ms) < 0 || !PQconsumeInput(connection))
			return -EAGAIN;
	*ret = PQgetResult(connection);
	return 0;
}

static int no_answer(Error *error)
{
	return error_set(error, -EAGAIN,
		"the database does not answer: what was asked may have happened, so ask again in a moment");
}

/* ---- the pool ---- */

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

/* ---- statements ---- */

/** Takes the results of what was sent; the last one that is no error is *ret. */
static int take_results(PGconn *connection, int64_t deadline_ms, PGresult **ret, Error *error)
{
	PGresult *result = NULL, *next;
	int r = 0;

	while ((r = next_result(connection, deadline_ms, &next)) >= 0 && next) {
		ExecStatusType status = PQresultStatus(next);

		PQclear(result);
		result = next;
		if (status == PGRES_COPY_IN)
			break;
		if (status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE)
			error_set(error, -EIO, "the database refuses: %.300s", PQresultErrorMessage(result));
	}
	if (r < 0)
		r = no_answer(error);
	else if (!result)
		r = no_answer(error);
	else if (PQresultStatus(result) == PGRES_FATAL_ERROR || PQresultStatus(result) == PGRES_BAD_RESPONSE)
		r = PQstatus(connection) == CONNECTION_OK ? -EIO : no_answer(error);
	if (r < 0)
		PQclear(result);
	else
		*ret = result;
	return r;
}

static int send_and_take(PGconn *connection, int sent, PGresult **ret, Error *error)
{
	int64_t deadline_ms = now_ms() + DATABASE_PATIENCE_S * 1000LL;

	if (!sent || flush_within(connection, deadline_ms) < 0)
		return no_answer(error);
	return take_results(connection, deadline_ms, ret, error);
}

typedef struct Sent {
	size_t n;
	const char *const *data;
	const int *sizes, *formats;
} Sent;

/** Runs a statement that the connection prepares at its first use. */
static int run_prepared(PGconn *connection, const char *sql, const Sent *sent, PGresult **ret, Error *error)
{
	_cleanup_(PQclearp) PGresult *prepared = NULL;
	char text[SESSION_NAME_MAX];
	bool is_new;
	const char *name = session_name(connection, sql, text, &is_new);
	int r;

	if (!name)
		return send_and_take(connection,
			PQsendQueryParams(connection, sql, (int)sent->n, NULL, sent->data, sent->sizes,
				sent->formats, 0),
			ret, error);
	if (is_new) {
		r = send_and_take(connection, PQsendPrepare(connection, name, sql, (int)sent->n, NULL),
			&prepared, error);
		if (r < 0)
			return r;
		session_keep(connection, sql);
	}
	return send_and_take(connection,
		PQsendQueryPrepared(
			connection, name, (int)sent->n, sent->data, sent->sizes, sent->formats, 0),
		ret, error);
}

int database_run(PGconn *connection, const char *sql, const DatabaseValue *values, size_t n, PGresult **ret,
	Error *error)
{
	const char *data[VALUES_MAX];
	int sizes[VALUES_MAX], formats[VALUES_MAX];

	if (n > VALUES_MAX)
		return error_set(error, -EIO, "a statement takes at most %d values", VALUES_MAX);
	for (size_t i = 0; i < n; i++) {
		data[i] = values[i].data;
		sizes[i] = (int)values[i].size;
		formats[i] = values[i].size > 0;
	}
	if (n == 0)
		return send_and_take(connection, PQsendQuery(connection, sql), ret, error);
	return run_prepared(connection, sql, &(Sent){ n, data, sizes, formats }, ret, error);
}

int database_do(PGconn *connection, const char *sql, const DatabaseValue *values, size_t n, Error *error)
{
	_cleanup_(PQclearp) PGresult *result = NULL;

	return database_run(connection, sql, values, n, &result, error);
}

int database_copy(PGconn *connection, const char *sql, const void *data, size_t size, Error *error)
{
	int64_t deadline_ms = now_ms() + DATABASE_PATIENCE_S * 1000LL;
	_cleanup_(PQclearp) PGresult *begun = NULL, *result = NULL;
	int r = database_run(connection, sql, NULL, 0, &begun, error);

	if (r < 0)
		return r;
	for (int put; (put = PQputCopyData(connection, data, (int)size)) != 1;)
		if (put < 0 || flush_within(connection, deadline_ms) < 0)
			return no_answer(error);
	for (int end; (end = PQputCopyEnd(connection, NULL)) != 1;)
		if (end < 0 || flush_within(connection, deadline_ms) < 0)
			return no_answer(error);
	if (flush_within(connection, deadline_ms) < 0)
		return no_answer(error);
	return take_results(connection, deadline_ms, &result, error);
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
