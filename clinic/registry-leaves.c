/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Gives leaves of the registry's log to stations that follow it. It must not hold a thread or a connection to
 * the database for one that waits, and must not show a leaf that no standby has.
 */

#include "registry-leaves.h"

#include <pthread.h>
#include <string.h>

#include <jansson.h>

#include "clinic-sql.h"
#include "clinic.h"
#include "tlog/merkle.h"
#include "tlog/tlog-text.h"
#include "util/clock.h"

enum { NUMBER_MAX = 24 };

/** One who waits: kept with the request. */
typedef struct Waiter {
	RegistryWatch *watch;
	Request *request;
	unsigned long long from;
	int64_t until_ms;
	struct Waiter *next;
} Waiter;

struct RegistryWatch {
	Database *database;
	pthread_t thread;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	Waiter *first;
	size_t n;
	bool ends, stops;
	unsigned long long replicated; /* leaves that a standby has, as far as is known */
};

/* ---- the thread that looks ---- */

/** Takes those off the list whose leaf is there or whose time is over, and wakes them. */
static void wake_ready(RegistryWatch *watch, unsigned long long size)
{
	Waiter *ready = NULL;
	int64_t now = clock_monotonic_us() / 1000;

	pthread_mutex_lock(&watch->lock);
	for (Waiter **at = &watch->first; *at;) {
		Waiter *waiter = *at;

		if (waiter->from >= size && waiter->until_ms > now && !watch->ends) {
			at = &waiter->next;
			continue;
		}
		*at = waiter->next;
		watch->n--;
		waiter->next = ready;
		ready = waiter;
	}
	pthread_mutex_unlock(&watch->lock);
	while (ready) {
		Waiter *next = ready->next;

		request_wake(ready->request);
		ready = next;
	}
}

/** The log's size; 0 when the database does not say: then only those whose time is over are woken. */
static unsigned long long look(RegistryWatch *watch)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	unsigned long long size = 0;
	PGconn *connection;

	if (database_take(watch->database, &connection, NULL) < 0)
		return 0;
	if (database_run(connection, sql_registry_size, NULL, 0, &row, NULL) >= 0 && PQntuples(row) == 1)
		size = strtoull(PQgetvalue(row, 0, 0), NULL, 10);
	database_give(watch->database, connection);
	return size;
}

/** Waits until somebody waits; false at the end. */
static bool wait_for_waiters(RegistryWatch *watch)
{
	bool stops;

	pthread_mutex_lock(&watch->lock);
	while (!watch->first && !watch->stops)
		pthread_cond_wait(&watch->changed, &watch->lock);
	stops = watch->stops && !watch->first;
	pthread_mutex_unlock(&watch->lock);
	return !stops;
}

static void *run_watch(void *userdata)
{
	static const struct timespec pause = { .tv_nsec = LEAVES_LOOK_MS * 1000000L };
	RegistryWatch *watch = userdata;

	while (wait_for_waiters(watch)) {
		wake_ready(watch, look(watch));
		nanosleep(&pause, NULL);
	}
	return NULL;
}

int registry_watch_start(Database *database, RegistryWatch **ret)
{
	RegistryWatch *watch = calloc(1, sizeof *watch);

	if (!watch)
		return -ENOMEM;
	watch->database = database;
	pthread_mutex_init(&watch->lock, NULL);
	pthread_cond_init(&watch->changed, NULL);
	if (pthread_create(&watch->thread, NULL, run_watch, watch) != 0) {
		free(watch);
		return -EAGAIN;
	}
	*ret = watch;
	return 0;
}

void registry_watch_end(RegistryWatch *watch)
{
	if (!watch)
		return;
	pthread_mutex_lock(&watch->lock);
	watch->ends = true;
	pthread_mutex_unlock(&watch->lock);
	wake_ready(watch, 0);
}

RegistryWatch *registry_watch_stop(RegistryWatch *watch)
{
	if (!watch)
		return NULL;
	registry_watch_end(watch);
	pthread_mutex_lock(&watch->lock);
	watch->stops = true;
	pthread_cond_signal(&watch->changed);
	pthread_mutex_unlock(&watch->lock);
	pthread_join(watch->thread, NULL);
	pthread_cond_destroy(&watch->changed);
	pthread_mutex_destroy(&watch->lock);
	free(watch);
	return NULL;
}

/* ---- waiting ---- */

/** One too many does not wait, but is answered with what there is. */
static void begin_wait(void *userdata, Request *request)
{
	Waiter *waiter = userdata;
	RegistryWatch *watch = waiter->watch;
	bool waits;

	pthread_mutex_lock(&watch->lock);
	waits = !watch->ends && watch->n < LEAVES_WAITING_MAX;
	if (waits) {
		waiter->next = watch->first;
		watch->first = waiter;
		watch->n++;
		pthread_cond_signal(&watch->changed);
	}
	pthread_mutex_unlock(&watch->lock);
	if (!waits)
		request_wake(request);
}

static Answer wait_for_leaf(
	RegistryWatch *watch, Request *request, unsigned long long from, unsigned long long wait_s)
{
	Waiter *waiter = calloc(1, sizeof *waiter);

	if (!waiter)
		return answer_text(500, "", NULL);
	*waiter =
		(Waiter){ watch, request, from, clock_monotonic_us() / 1000 + (int64_t)wait_s * 1000, NULL };
	request->kept = waiter;
	request->free = free;
	return (Answer){ .later = { begin_wait, waiter } };
}

/* ---- answering ---- */

static json_t *registry_list_leaves(const PGresult *rows)
{
	json_t *list = json_array();
	size_t total = 0;

	for (int i = 0; i < PQntuples(rows) && list; i++) {
		unsigned char *leaf;
		char *encoded = NULL;
		size_t size;

		if (PQgetisnull(rows, i, 2))
			continue;
		leaf = PQunescapeBytea((unsigned char *)PQgetvalue(rows, i, 2), &size);
		if (leaf)
			encoded = base64_encode(leaf, size);
		PQfreemem(leaf);
		total += encoded ? strlen(encoded) : 0;
		if (i == 0 || total <= LEAVES_BYTES_MAX)
			json_array_append_new(list, json_string(encoded ? encoded : ""));
		free(encoded);
		if (total > LEAVES_BYTES_MAX)
			break;
	}
	return list;
}

static Answer answer_leaves(const PGresult *rows, unsigned timeline)
{
	json_auto_t *body =
		json_pack("{s:I, s:s, s:o}", "size", (json_int_t)strtoll(PQgetvalue(rows, 0, 0), NULL, 10),
			"checkpoint", PQgetvalue(rows, 0, 1), "leaves", registry_list_leaves(rows));
	Answer answer = answer_text(200, "application/json", body ? json_dumps(body, JSON_COMPACT) : NULL);

	answer.timeline = timeline;
	return answer;
}

/**
 * A leaf that is shown must never be lost: another one in its place would be a second log. What can be read
 * may be on this node alone, so a commit waits for a standby first; once for each size.
 */
static int wait_for_standby(RegistryWatch *watch, PGconn *connection, unsigned long long size, Error *error)
{
	bool replicated;
	int r;

	pthread_mutex_lock(&watch->lock);
	replicated = size <= watch->replicated;
	pthread_mutex_unlock(&watch->lock);
	if (replicated)
		return 0;
	r = database_do(connection, sql_wait_for_standby, NULL, 0, error);
	if (r < 0)
		return r;
	pthread_mutex_lock(&watch->lock);
	if (size > watch->replicated)
		watch->replicated = size;
	pthread_mutex_unlock(&watch->lock);
	return 0;
}

static int read_leaves(
	RegistryWatch *watch, unsigned long long from, PGresult **ret, unsigned *ret_timeline, Error *error)
{
	char text[NUMBER_MAX];
	PGconn *connection;
	int r = database_take(watch->database, &connection, error);

	if (r < 0)
		return r;
	snprintf(text, sizeof text, "%llu", from);
	r = database_run(connection, sql_registry_leaves, &(DatabaseValue){ text, 0 }, 1, ret, error);
	if (r >= 0 && PQntuples(*ret) > 0)
		r = wait_for_standby(watch, connection, strtoull(PQgetvalue(*ret, 0, 0), NULL, 10), error);
	*ret_timeline = database_timeline_of(connection);
	database_give(watch->database, connection);
	return r;
}

Answer registry_handle_leaves(const Clinic *clinic, Request *request)
{
	_cleanup_(PQclearp) PGresult *rows = NULL;
	unsigned long long from, wait_s;
	unsigned timeline;
	Error error;

	if (!request_number(request, "from", 0, MERKLE_SIZE_MAX, &from) ||
		!request_number(request, "wait", 0, LEAVES_WAIT_MAX_S, &wait_s))
		return answer_problem(400, "Bad request",
			"\"from\" must be the number of a leaf, and \"wait\" seconds from 0 to %d",
			LEAVES_WAIT_MAX_S);
	if (read_leaves(clinic->registry.watch, from, &rows, &timeline, &error) < 0)
		return answer_trouble(&error);
	if (PQntuples(rows) == 0)
		return answer_problem(403, "Not allowed", "the registry has no log");
	if (wait_s > 0 && !request->woken && from >= strtoull(PQgetvalue(rows, 0, 0), NULL, 10))
		return wait_for_leaf(clinic->registry.watch, request, from, wait_s);
	return answer_leaves(rows, timeline);
}
