/* SPDX-License-Identifier: Apache-2.0 */

/** Runs statements: one, several with one round trip, or a COPY. It must not cancel one. */

#include <stdbool.h>
#include <string.h>

#include "database-session.h"
#include "database-wait.h"

enum { VALUES_MAX = 16 };

static int no_answer(Error *error)
{
	return error_set(error, -EAGAIN,
		"the database does not answer: what was asked may have happened, so ask again in a moment");
}

/** -EAGAIN when the server warned: the commit that was cancelled may be on one node alone. */
static int judge_warning(PGconn *connection, Error *error)
{
	return session_take_warning(connection) ? no_answer(error) : 0;
}

static int refusal_of(const PGresult *result, Error *error)
{
	const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
	bool crossed = state && (strcmp(state, "40P01") == 0 || strcmp(state, "40001") == 0);

	return error_set(error, crossed ? -EDEADLK : -EIO, "the database refuses: %.300s",
		PQresultErrorMessage(result));
}

static bool is_refusal(const PGresult *result)
{
	ExecStatusType status = PQresultStatus(result);

	return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE;
}

/** Takes the results of what was sent; the last one is *ret. */
static int take_results(PGconn *connection, int64_t deadline_ms, PGresult **ret, Error *error)
{
	PGresult *result = NULL, *next;
	int r = 0;

	while ((r = database_next_result(connection, deadline_ms, &next)) >= 0 && next) {
		PQclear(result);
		result = next;
		if (PQresultStatus(result) == PGRES_COPY_IN)
			break;
	}
	if (r < 0 || !result || PQstatus(connection) != CONNECTION_OK)
		r = no_answer(error);
	else
		r = is_refusal(result) ? refusal_of(result, error) : judge_warning(connection, error);
	if (r < 0)
		PQclear(result);
	else
		*ret = result;
	return r;
}

static int send_and_take(PGconn *connection, int sent, PGresult **ret, Error *error)
{
	int64_t deadline_ms = database_deadline_ms();

	if (!sent || database_flush(connection, deadline_ms) < 0)
		return no_answer(error);
	return take_results(connection, deadline_ms, ret, error);
}

/** The values of a statement as libpq takes them. */
typedef struct Sent {
	const char *data[VALUES_MAX];
	int sizes[VALUES_MAX], formats[VALUES_MAX];
} Sent;

static int read_values(const DatabaseStep *step, Sent *ret, Error *error)
{
	if (step->n > VALUES_MAX)
		return error_set(error, -EIO, "a statement takes at most %d values", VALUES_MAX);
	for (size_t i = 0; i < step->n; i++) {
		ret->data[i] = step->values[i].data;
		ret->sizes[i] = (int)step->values[i].size;
		ret->formats[i] = step->values[i].size > 0;
	}
	return 0;
}

/** Sends a statement, which the connection prepares at its first use; *ret_new: so it does now. */
static int send_step(PGconn *connection, const DatabaseStep *step, bool *ret_new, Error *error)
{
	char name[SESSION_NAME_MAX];
	int n = (int)step->n, sent = 1, r;
	Sent values;

	*ret_new = false;
	r = read_values(step, &values, error);
	if (r < 0)
		return r;
	if (!session_find(connection, step->sql, name)) {
		*ret_new = session_add(connection, step->sql, name);
		if (!*ret_new)
			sent = PQsendQueryParams(
				connection, step->sql, n, NULL, values.data, values.sizes, values.formats, 0);
		else
			sent = PQsendPrepare(connection, name, step->sql, n, NULL) &&
			       PQsendQueryPrepared(
				       connection, name, n, values.data, values.sizes, values.formats, 0);
	} else {
		sent = PQsendQueryPrepared(connection, name, n, values.data, values.sizes, values.formats, 0);
	}
	return sent ? 0 : no_answer(error);
}

/** Takes the result of one statement of a pipeline, and the NULL that ends it. */
static int take_one(PGconn *connection, int64_t deadline_ms, PGresult **ret, Error *error)
{
	PGresult *result = NULL, *end = NULL;
	int r = database_next_result(connection, deadline_ms, &result);

	if (r >= 0 && result)
		r = database_next_result(connection, deadline_ms, &end);
	PQclear(end);
	if (r < 0 || !result || PQstatus(connection) != CONNECTION_OK) {
		PQclear(result);
		return no_answer(error);
	}
	*ret = result;
	return 0;
}

typedef struct Pipeline {
	PGconn *connection;
	const DatabaseStep *steps;
	size_t n;
	bool is_new[DATABASE_STEPS_MAX];
	int64_t deadline_ms;
	Error *error;
	int refused; /* by the first statement that failed */
} Pipeline;

static int database_send_all(Pipeline *pipeline)
{
	for (size_t i = 0; i < pipeline->n; i++) {
		int r = send_step(
			pipeline->connection, &pipeline->steps[i], &pipeline->is_new[i], pipeline->error);

		if (r < 0)
			return r;
	}
	if (!PQpipelineSync(pipeline->connection) ||
		database_flush(pipeline->connection, pipeline->deadline_ms) < 0)
		return no_answer(pipeline->error);
	return 0;
}

/** Takes one result; a refusal is remembered, and what it made impossible is not. */
static int take_step(Pipeline *pipeline, PGresult **ret)
{
	int r = take_one(pipeline->connection, pipeline->deadline_ms, ret, pipeline->error);

	if (r >= 0 && is_refusal(*ret) && pipeline->refused == 0)
		pipeline->refused = refusal_of(*ret, pipeline->error);
	return r;
}

static int take_all(Pipeline *pipeline, PGresult **ret)
{
	PGresult *sync = NULL;
	int r = 0;

	for (size_t i = 0; i < pipeline->n && r >= 0; i++) {
		_cleanup_(PQclearp) PGresult *prepared = NULL;

		r = pipeline->is_new[i] ? take_step(pipeline, &prepared) : 0;
		r = r < 0 ? r : take_step(pipeline, &ret[i]);
	}
	if (r < 0)
		return r;
	r = database_next_result(pipeline->connection, pipeline->deadline_ms, &sync);
	if (r < 0 || PQresultStatus(sync) != PGRES_PIPELINE_SYNC)
		r = no_answer(pipeline->error);
	PQclear(sync);
	return r < 0 ? r : pipeline->refused;
}

int database_pipeline(PGconn *connection, const DatabaseStep *steps, size_t n, PGresult **ret, Error *error)
{
	Pipeline pipeline = { connection, steps, n, .deadline_ms = database_deadline_ms(), .error = error };
	size_t prepared = session_prepared(connection);
	int r = n <= DATABASE_STEPS_MAX && PQenterPipelineMode(connection) ? 0 : no_answer(error);

	for (size_t i = 0; i < n; i++)
		ret[i] = NULL;
	r = r < 0 ? r : database_send_all(&pipeline);
	r = r < 0 ? r : take_all(&pipeline, ret);
	if (r != -EAGAIN && !PQexitPipelineMode(connection))
		r = no_answer(error);
	r = r < 0 ? r : judge_warning(connection, error);
	if (r < 0) {
		session_forget(connection, prepared);
		for (size_t i = 0; i < n; i++) {
			PQclear(ret[i]);
			ret[i] = NULL;
		}
	}
	return r;
}

int database_run(PGconn *connection, const char *sql, const DatabaseValue *values, size_t n, PGresult **ret,
	Error *error)
{
	if (n == 0)
		return send_and_take(connection, PQsendQuery(connection, sql), ret, error);
	return database_pipeline(connection, &(DatabaseStep){ sql, values, n }, 1, ret, error);
}

int database_do(PGconn *connection, const char *sql, const DatabaseValue *values, size_t n, Error *error)
{
	_cleanup_(PQclearp) PGresult *result = NULL;

	return database_run(connection, sql, values, n, &result, error);
}

int database_copy(PGconn *connection, const char *sql, const void *data, size_t size, Error *error)
{
	int64_t deadline_ms = database_deadline_ms();
	_cleanup_(PQclearp) PGresult *begun = NULL, *result = NULL;
	int r = database_run(connection, sql, NULL, 0, &begun, error);

	if (r < 0)
		return r;
	for (int put; (put = PQputCopyData(connection, data, (int)size)) != 1;)
		if (put < 0 || database_flush(connection, deadline_ms) < 0)
			return no_answer(error);
	for (int end; (end = PQputCopyEnd(connection, NULL)) != 1;)
		if (end < 0 || database_flush(connection, deadline_ms) < 0)
			return no_answer(error);
	if (database_flush(connection, deadline_ms) < 0)
		return no_answer(error);
	return take_results(connection, deadline_ms, &result, error);
}
