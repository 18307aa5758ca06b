/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Opens and closes a ledger, and gives its answers. While the ledger thread runs, nothing here may use its
 * database connection, or wait for the thread except in ledger_free().
 */

#include "ledger/beside.h"
#include "ledger/reader.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>

#include "util/file.h"

/* ---- open and close ---- */

static int take_lock(Ledger *ledger, Error *error)
{
	_cleanup_(freep) char *path = NULL;

	if (asprintf(&path, "%s.lock", ledger->path) < 0)
		return -ENOMEM;
	ledger->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (ledger->lock_fd < 0)
		return error_set(error, -errno, "%.180s: %s: check folder and rights", path, strerror(errno));
	if (flock(ledger->lock_fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	return error_set(
		error, -errno, "another daemon holds the ledger %.120s: stop it first", ledger->path);
}

static int start_writer(Ledger *ledger)
{
	int r = ring_new(LEDGER_REQUESTS, sizeof(Request *), &ledger->requests);

	if (r < 0)
		return r;
	r = ring_new(LEDGER_REQUESTS, sizeof(Request *), &ledger->answers);
	if (r < 0)
		return r;
	r = -pthread_create(&ledger->thread, NULL, ledger_thread, ledger);
	ledger->started = r == 0;
	return r;
}

static int open_database(Ledger *ledger, Error *error)
{
	const ReaderOptions options = { 0 };
	int r;

	if (!ledger->read_only)
		return schema_open(ledger->path, &ledger->db, error);
	r = reader_open(ledger->path, &options, &ledger->reader, error);
	if (r < 0)
		return r;
	ledger->db = ledger->reader->db;
	return 0;
}

static int open_file(Ledger *ledger, LedgerInfo *ret, Error *error)
{
	int r = ledger->read_only ? 0 : take_lock(ledger, error);

	if (r < 0)
		return r;
	r = ledger->read_only ? 0 : check_remembered(ledger->path, error);
	if (r < 0)
		return r;
	r = open_database(ledger, error);
	if (r < 0)
		return r;
	r = schema_info(ledger->db, ledger->clock, ret, error);
	if (r < 0)
		return r;
	writer_prepare(ledger);
	ledger->seq = ret->newest_seq;
	r = ledger->read_only ? 0 : place_open(ledger);
	if (r < 0)
		return error_set(error, r, "the files of the ledger %.120s cannot be found again: %s",
			ledger->path, strerror(-r));
	return 0;
}

/** Records the key, before anybody else's first record. */
static int record_key(Ledger *ledger, json_t *body)
{
	LedgerRecord record = { .kind = "key.created", .actor = "station", .body = body };

	return body ? ledger_append(ledger, &record, NULL, NULL) : 0;
}

/** Records that an administrator lifted the findings of a verification. */
static int record_cleared(Ledger *ledger)
{
	json_auto_t *body = NULL;
	_cleanup_(freep) char *badge = NULL;
	LedgerRecord record = { .kind = "ledger.cleared" };
	int r = clear_word(ledger->path, &body, &badge);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	record.actor = badge;
	record.body = body;
	return ledger_append(ledger, &record, clear_recorded, ledger->path);
}

static void restoration_recorded(void *userdata, const LedgerAnswer *answer)
{
	Ledger *ledger = userdata;

	ledger->restored = answer->error < 0;
	ledger->restored_sent = ledger_is_refusal(answer->error);
	if (!ledger->restored)
		beside_remove(ledger->path, RESTORED_SUFFIX);
}

/** Records that a backup took the ledger's place, and which records are lacking. */
static int record_restoration(Ledger *ledger)
{
	_cleanup_(freep) char *text = NULL;
	json_auto_t *body = NULL;
	LedgerRecord record = { .kind = "ledger.restored", .actor = "station" };
	size_t size;
	int r = beside_read(ledger->path, RESTORED_SUFFIX, RESTORED_MAX, &text, &size);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	body = json_loadb(text, size, 0, NULL);
	if (!body)
		return -EINVAL;
	record.body = body;
	ledger->restored = true;
	r = ledger_append(ledger, &record, restoration_recorded, ledger);
	ledger->restored_sent = r == 0;
	return r;
}

static int ledger_start(Ledger *ledger, const LedgerOptions *options, LedgerInfo *info, Error *error)
{
	json_auto_t *key = NULL;
	int r = key_open(ledger, options, &key, error);

	if (r < 0)
		return r;
	r = seal_open(ledger, info, error);
	if (r < 0)
		return r;
	r = start_writer(ledger);
	if (r < 0)
		return r;
	r = record_key(ledger, key);
	if (r < 0)
		return r;
	r = record_cleared(ledger);
	return r < 0 ? r : record_restoration(ledger);
}

static int check_path(const char *path, Error *error)
{
	if (path[0] && path[0] != ':' && strncmp(path, "file:", 5) != 0)
		return 0;
	return error_set(error, -EINVAL, "\"%.64s\" is no path of a ledger: give that of a file", path);
}

/** Refuses to make a new ledger in place of a lost one, because it would not know the used needles. */
static int check_lost(const LedgerOptions *options, Error *error)
{
	_cleanup_(freep) char *checkpoint = NULL, *key = NULL;

	if (options->read_only || access(options->path, F_OK) == 0)
		return 0;
	if (asprintf(&checkpoint, "%s" CHECKPOINT_SUFFIX, options->path) < 0 ||
		asprintf(&key, "%s/" KEY_NAME, options->keys ? options->keys : "") < 0)
		return -ENOMEM;
	if (access(checkpoint, F_OK) < 0 && access(key, F_OK) < 0)
		return 0;
	return error_set(error, -EUCLEAN,
		"the ledger %.100s is gone, but its key or checkpoint is there: bring back a backup with "
		"`stipplectl ledger restore`, or move both aside to begin a new record",
		options->path);
}

static Ledger *ledger_new(const LedgerOptions *options)
{
	_cleanup_(ledger_freep) Ledger *ledger = calloc(1, sizeof *ledger);

	if (!ledger)
		return NULL;
	ledger->lock_fd = -1;
	ledger->clock = options->clock;
	ledger->read_only = options->read_only;
	pthread_mutex_init(&ledger->key_lock, NULL);
	ledger->sealer.due_us = INT64_MAX;
	ledger->stalled_ms = LEDGER_STALLED_MS;
	ledger->commit_limit_us =
		1000LL * (options->commit_limit_ms ? options->commit_limit_ms : LEDGER_COMMIT_LIMIT_MS);
	ledger->path = strdup(options->path);
	ledger->images = options->images ? strdup(options->images) : NULL;
	ledger->station = request_quote(options->station ? options->station : "");
	atomic_store(&ledger->healthy, !options->read_only);
	if (!ledger->path || !ledger->station || (options->images && !ledger->images))
		return NULL;
	return TAKE_PTR(ledger);
}

/** The station's recorded name takes precedence over the caller's. */
static int take_station(Ledger *ledger, const char *names)
{
	char *station = request_quote(names);

	if (!station)
		return -ENOMEM;
	free(ledger->station);
	ledger->station = station;
	return 0;
}

/** Everything that may fail without a sentence of its own. */
static int ledger_begin(Ledger *ledger, const LedgerOptions *options, LedgerInfo *info, Error *error)
{
	int r = check_lost(options, error);

	if (r < 0)
		return r;
	r = open_file(ledger, info, error);
	if (r < 0)
		return r;
	atomic_store(&ledger->newest_utc_us, info->newest_utc_us);
	r = info->names[0] ? take_station(ledger, info->names) : 0;
	if (r < 0 || ledger->read_only)
		return r;
	mark_open(ledger, info->newest_utc_us);
	return ledger_start(ledger, options, info, error);
}

int ledger_open(const LedgerOptions *options, Ledger **ret, LedgerInfo *ret_info, Error *error)
{
	_cleanup_(ledger_freep) Ledger *ledger = NULL;
	LedgerInfo info;
	int r = check_path(options->path, error);

	if (r < 0)
		return r;
	ledger = ledger_new(options);
	if (!ledger)
		return error_set(error, -ENOMEM, "out of memory");
	*error = (Error){ 0 };
	r = ledger_begin(ledger, options, &info, error);
	if (r < 0 && error->code == 0)
		return error_set(error, r, "the ledger %.120s cannot be %s: %s", ledger->path,
			ledger->read_only ? "read" : "written", strerror(-r));
	if (r < 0)
		return r;
	ledger_read_end(ledger);
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
		atomic_store(&ledger->check_leave, true);
		ring_wake(ledger->requests);
		pthread_join(ledger->thread, NULL);
		streams_join(ledger);
		check_join(ledger);
	}
	while (ledger->answers && ring_pop(ledger->answers, &request))
		request_free(request);
	writer_finish(ledger);
	place_close(ledger);
	if (!ledger->reader)
		sqlite3_close(ledger->db);
	reader_free(ledger->reader);
	ring_free(ledger->requests);
	ring_free(ledger->answers);
	closep(&ledger->lock_fd);
	key_close(ledger);
	pthread_mutex_destroy(&ledger->key_lock);
	free(ledger->path);
	free(ledger->images);
	free(ledger->station);
	free(ledger);
	return NULL;
}

/* ---- state ---- */

bool ledger_owes_restoration(const Ledger *ledger)
{
	return ledger->restored;
}

uint64_t ledger_checkpoint_size(const Ledger *ledger)
{
	return atomic_load(&ledger->sealed);
}

int64_t ledger_newest_utc(const Ledger *ledger)
{
	return atomic_load(&ledger->newest_utc_us);
}

int ledger_fd(const Ledger *ledger)
{
	return ledger->read_only ? -EROFS : ring_fd(ledger->answers);
}

void ledger_dispatch(Ledger *ledger)
{
	Request *next;

	if (ledger->read_only)
		return;
	ring_clear(ledger->answers);
	while (ring_pop(ledger->answers, &next)) {
		_cleanup_(request_freep) Request *request = next;

		ledger->waiting--;
		health_answered(ledger);
		ledger->told_of = request->failures;
		if (request->done)
			request->done(request->userdata, &request->answer);
		if (request->rows_done)
			request->rows_done(request->userdata, request->answer.error, request->rows);
	}
	/* the disk was full before; while the queue is full, the next answer leads here again */
	if (ledger->restored && !ledger->restored_sent && ledger_healthy(ledger))
		(void)!record_restoration(ledger);
	streams_dispatch(ledger);
	check_dispatch(ledger);
}
