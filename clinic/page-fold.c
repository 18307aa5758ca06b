/* SPDX-License-Identifier: Apache-2.0 */

/** The thread that brings the page's tables up to date. It must not hold a connection while it waits. */

#include "page-fold.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "clinic-sql.h"
#include "util/log.h"

#define FOLD_AT_ONCE "1000" /* records in one transaction, which has to end within DATABASE_PATIENCE_S */

enum { ROUND_MS = 1000, ROUND_AFTER_ERROR_MS = 5000, SEEN_EVERY = 5 };

struct PageFold {
	Database *database;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t ends;
	bool ending;
	json_t *seen; /* names as keys: each once */
	unsigned round;
	bool failing; /* said so already */
};

/** True when it is time to end. */
static bool wait_for_round(PageFold *fold, int64_t ms)
{
	struct timespec until;
	bool ending;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += ms / 1000;
	until.tv_nsec += ms % 1000 * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_sec++;
		until.tv_nsec -= 1000000000;
	}
	pthread_mutex_lock(&fold->lock);
	while (!fold->ending && pthread_cond_timedwait(&fold->ends, &fold->lock, &until) == 0)
		;
	ending = fold->ending;
	pthread_mutex_unlock(&fold->lock);
	return ending;
}

static json_t *take_seen(PageFold *fold)
{
	json_t *names = json_array();
	const char *name;
	json_t *value;

	pthread_mutex_lock(&fold->lock);
	json_object_foreach (fold->seen, name, value)
		json_array_append_new(names, json_string(name));
	json_object_clear(fold->seen);
	pthread_mutex_unlock(&fold->lock);
	return names;
}

static int write_seen(PageFold *fold, PGconn *connection, Error *error)
{
	json_auto_t *names = take_seen(fold);
	_cleanup_(freep) char *text = names ? json_dumps(names, JSON_COMPACT) : NULL;

	if (json_array_size(names) == 0 || !text)
		return 0;
	return database_do(connection, sql_seen_stations, &(DatabaseValue){ text, 0 }, 1, error);
}

/** *ret_more: there were records, so there may be more. */
static int fold_once(PageFold *fold, bool *ret_more, Error *error)
{
	_cleanup_(PQclearp) PGresult *done = NULL;
	PGconn *connection;
	int r = database_take(fold->database, &connection, error);

	*ret_more = false;
	if (r < 0)
		return r;
	if (fold->round++ % SEEN_EVERY == 0)
		r = write_seen(fold, connection, error);
	r = r < 0 ? r : database_run(connection, "SELECT page_fold(" FOLD_AT_ONCE ")", NULL, 0, &done, error);
	database_give(fold->database, connection);
	if (r >= 0)
		*ret_more = strcmp(PQgetvalue(done, 0, 0), "0") != 0;
	return r;
}

static void *follow_records(void *userdata)
{
	PageFold *fold = userdata;
	Error error = { 0 };
	bool more = false;
	int r = 0;

	while (!wait_for_round(fold, r < 0 ? ROUND_AFTER_ERROR_MS : more ? 0 : ROUND_MS)) {
		r = fold_once(fold, &more, &error);
		if (r < 0 && !fold->failing)
			log_warning("the page's figures are not kept up to date: %s", error.text);
		if (r >= 0 && fold->failing)
			log_notice("the page's figures are kept up to date again");
		fold->failing = r < 0;
	}
	return NULL;
}

/** Two servers that start at once would disturb each other. */
static int make_functions(Database *database, Error *error)
{
	PGconn *connection;
	int r = database_take(database, &connection, error);

	if (r < 0)
		return r;
	r = database_do(connection, "BEGIN; SELECT pg_advisory_xact_lock(hashtext('stipple.migrate'))", NULL,
		0, error);
	r = r < 0 ? r : database_do(connection, sql_page_functions, NULL, 0, error);
	r = r < 0 ? r : database_do(connection, "COMMIT", NULL, 0, error);
	database_give(database, connection);
	return r;
}

int page_fold_start(Database *database, PageFold **ret, Error *error)
{
	PageFold *fold;
	pthread_condattr_t attributes;
	int r = make_functions(database, error);

	if (r < 0)
		return r;
	fold = calloc(1, sizeof *fold);
	if (fold)
		fold->seen = json_object();
	if (!fold || !fold->seen) {
		free(fold);
		return error_set(error, -ENOMEM, "no memory");
	}
	fold->database = database;
	pthread_mutex_init(&fold->lock, NULL);
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&fold->ends, &attributes);
	pthread_condattr_destroy(&attributes);
	r = pthread_create(&fold->thread, NULL, follow_records, fold);
	if (r != 0) {
		json_decref(fold->seen);
		free(fold);
		return error_set(error, -r, "no thread for the page: %s", strerror(r));
	}
	*ret = fold;
	return 0;
}

PageFold *page_fold_stop(PageFold *fold)
{
	if (!fold)
		return NULL;
	pthread_mutex_lock(&fold->lock);
	fold->ending = true;
	pthread_cond_signal(&fold->ends);
	pthread_mutex_unlock(&fold->lock);
	pthread_join(fold->thread, NULL);
	pthread_cond_destroy(&fold->ends);
	pthread_mutex_destroy(&fold->lock);
	json_decref(fold->seen);
	free(fold);
	return NULL;
}

void page_fold_note(PageFold *fold, const char *name)
{
	pthread_mutex_lock(&fold->lock);
	if (!json_object_get(fold->seen, name))
		(void)!json_object_set_new(fold->seen, name, json_true());
	pthread_mutex_unlock(&fold->lock);
}
