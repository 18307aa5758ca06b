/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger-private.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

Request *request_free(Request *request)
{
	if (!request)
		return NULL;
	free(request->kind);
	free(request->actor);
	free(request->body);
	free(request->personal);
	free(request->attachment);
	json_decref(request->arguments);
	json_decref(request->rows);
	free(request);
	return NULL;
}

/* ---- open and close ---- */

static int take_lock(Ledger *ledger, char error[LEDGER_TEXT_MAX])
{
	_cleanup_(freep) char *path = NULL;

	if (asprintf(&path, "%s.lock", ledger->path) < 0)
		return -ENOMEM;
	ledger->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (ledger->lock_fd < 0) {
		snprintf(
			error, LEDGER_TEXT_MAX, "%.180s: %s: check folder and rights", path, strerror(errno));
		return -errno;
	}
	if (flock(ledger->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	snprintf(error, LEDGER_TEXT_MAX, "another daemon holds the ledger %.120s: stop it first",
		ledger->path);
	return -errno;
}

static int start_writer(Ledger *ledger)
{
	int r = writer_prepare(ledger);

	if (r == 0)
		r = ring_new(LEDGER_REQUESTS, sizeof(Request *), &ledger->requests);
	if (r == 0)
		r = ring_new(LEDGER_REQUESTS, sizeof(Request *), &ledger->answers);
	if (r == 0)
		r = -pthread_create(&ledger->thread, NULL, ledger_thread, ledger);
	ledger->started = r == 0;
	return r;
}

int ledger_open(const LedgerOptions *options, Ledger **ret, LedgerInfo *ret_info, char error[LEDGER_TEXT_MAX])
{
	_cleanup_(ledger_freep) Ledger *ledger = calloc(1, sizeof *ledger);
	LedgerInfo info;
	int r;

	snprintf(error, LEDGER_TEXT_MAX, "out of memory");
	if (!ledger)
		return -ENOMEM;
	ledger->lock_fd = -1;
	ledger->clock = options->clock;
	ledger->path = strdup(options->path);
	ledger->station = strdup(options->station);
	atomic_store(&ledger->healthy, true);
	if (!ledger->path || !ledger->station)
		return -ENOMEM;
	r = take_lock(ledger, error);
	if (r < 0)
		return r;
	r = schema_open(ledger->path, false, &ledger->db, error);
	if (r == 0)
		r = schema_info(ledger->db, ledger->clock, &info, error);
	if (r < 0)
		return r;
	ledger->seq = info.newest_seq;
	atomic_store(&ledger->newest_utc_us, info.newest_utc_us);
	r = start_writer(ledger);
	if (r < 0) {
		snprintf(error, LEDGER_TEXT_MAX, "the ledger %.120s cannot be written: %s", ledger->path,
			strerror(-r));
		return r;
	}
	*ret_info = info;
	*ret = TAKE_PTR(ledger);
	return 0;
}

Ledger *ledger_free(Ledger *ledger)
{
	Request *request;

	if (!ledger)
		return NULL;
	if (ledger->started) {
		atomic_store(&ledger->leave, true);
		ring_wake(ledger->requests);
		pthread_join(ledger->thread, NULL);
		streams_join(ledger);
	}
	while (ledger->answers && ring_pop(ledger->answers, &request))
		request_free(request);
	writer_finish(ledger);
	sqlite3_close(ledger->db);
	ring_free(ledger->requests);
	ring_free(ledger->answers);
	closep(&ledger->lock_fd);
	free(ledger->path);
	free(ledger->station);
	free(ledger);
	return NULL;
}

/* ---- requests ---- */

static int send_request(Ledger *ledger, Request *request)
{
	_cleanup_(request_freep) Request *owned = request;

	/* as many as the answers' ring can hold: the thread never has to wait for room there */
	if (ledger->waiting >= LEDGER_REQUESTS || !ring_push(ledger->requests, &owned))
		return -EAGAIN;
	ledger->waiting++;
	TAKE_PTR(owned);
	return 0;
}

static Request *append_request(const LedgerRecord *record)
{
	_cleanup_(request_freep) Request *request = calloc(1, sizeof *request);

	if (!request)
		return NULL;
	request->what = REQUEST_APPEND;
	request->kind = strdup(record->kind);
	request->actor = strdup(record->actor);
	request->body = json_dumps(record->body, JSON_SORT_KEYS | JSON_COMPACT);
	if (!request->kind || !request->actor || !request->body)
		return NULL;
	if (record->personal) {
		request->personal = json_dumps(record->personal, JSON_SORT_KEYS | JSON_COMPACT);
		if (!request->personal)
			return NULL;
	}
	if (record->attachment) {
		request->attachment = malloc(record->attachment_size ? record->attachment_size : 1);
		if (!request->attachment)
			return NULL;
		memcpy(request->attachment, record->attachment, record->attachment_size);
		request->attachment_size = record->attachment_size;
	}
	return TAKE_PTR(request);
}

int ledger_append(Ledger *ledger, const LedgerRecord *record, LedgerDone done, void *userdata)
{
	Request *request = append_request(record);

	if (!request)
		return -ENOMEM;
	request->done = done;
	request->userdata = userdata;
	return send_request(ledger, request);
}

int ledger_lookup(Ledger *ledger, const char *query, json_t *arguments, LedgerRows rows, void *userdata)
{
	_cleanup_(request_freep) Request *request = calloc(1, sizeof *request);

	if (!request)
		return -ENOMEM;
	request->what = REQUEST_LOOKUP;
	request->query = query_find(query);
	request->arguments = json_deep_copy(arguments);
	request->rows_done = rows;
	request->userdata = userdata;
	if (!request->query)
		return -EINVAL;
	if (!request->arguments)
		return -ENOMEM;
	return send_request(ledger, TAKE_PTR(request));
}

void ledger_set_published(Ledger *ledger, uint64_t seq)
{
	Request *request = calloc(1, sizeof *request);

	/* a cursor that is not moved costs a repeated message, which its readers know by its id */
	if (!request)
		return;
	request->what = REQUEST_PUBLISHED;
	request->published = seq;
	(void)!send_request(ledger, request);
}

bool ledger_healthy(const Ledger *ledger)
{
	return atomic_load(&ledger->healthy);
}

int64_t ledger_newest_utc(const Ledger *ledger)
{
	return atomic_load(&ledger->newest_utc_us);
}

int ledger_fd(const Ledger *ledger)
{
	return ring_fd(ledger->answers);
}

void ledger_dispatch(Ledger *ledger)
{
	Request *next;

	ring_clear(ledger->answers);
	while (ring_pop(ledger->answers, &next)) {
		_cleanup_(request_freep) Request *request = next;

		ledger->waiting--;
		if (request->done)
			request->done(request->userdata, &request->answer);
		if (request->rows_done)
			request->rows_done(request->userdata, request->answer.error, request->rows);
	}
	streams_dispatch(ledger);
}
