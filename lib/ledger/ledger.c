/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The ledger as its users call it: opening, closing, requests, and reading without a daemon. While the ledger
 * thread runs, nothing here may use its database connection, or wait for it except in ledger_free().
 */

#include "ledger/copy.h"
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

/** `text` as JSON. */
static char *quote(const char *text)
{
	json_auto_t *string = json_string(text);

	return string ? json_dumps(string, JSON_ENCODE_ANY) : NULL;
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
	if (!ledger->read_only)
		r = check_remembered(ledger->path, error);
	if (r < 0)
		return r;
	r = open_database(ledger, error);
	if (r < 0)
		return r;
	r = schema_info(ledger->db, ledger->clock, ret, error);
	if (r < 0)
		return r;
	r = writer_prepare(ledger);
	if (r < 0)
		return r;
	if (!ledger->read_only) {
		r = place_open(ledger);
		if (r < 0)
			r = error_set(error, r, "the files of the ledger %.120s cannot be found again: %s",
				ledger->path, strerror(-r));
	}
	if (r < 0)
		return r;
	ledger->seq = ret->newest_seq;
	return 0;
}

/** Its own first record, before anybody else's. */
static int record_key(Ledger *ledger, json_t *body)
{
	LedgerRecord record = { .kind = "key.created", .actor = "station", .body = body };

	return body ? ledger_append(ledger, &record, NULL, NULL) : 0;
}

/** That an administrator lifted what a verification found. */
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
	_cleanup_(freep) char *path = NULL;

	ledger->restored = answer->error < 0;
	ledger->restored_sent = ledger_is_refusal(answer->error);
	if (!ledger->restored && asprintf(&path, "%s" RESTORED_SUFFIX, ledger->path) >= 0)
		(void)unlink(path);
}

/** A backup was put in its place: the record says so, and what it lacks. */
static int record_restoration(Ledger *ledger)
{
	_cleanup_(freep) char *path = NULL, *text = NULL;
	json_auto_t *body = NULL;
	LedgerRecord record = { .kind = "ledger.restored", .actor = "station" };
	size_t size;
	int r;

	if (asprintf(&path, "%s" RESTORED_SUFFIX, ledger->path) < 0)
		return -ENOMEM;
	r = file_read(path, RESTORED_MAX, &text, &size);
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

static int start(Ledger *ledger, const LedgerOptions *options, LedgerInfo *info, Error *error)
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

/** A new ledger in place of a lost one would know nothing of the needles that were used. */
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

int ledger_open(const LedgerOptions *options, Ledger **ret, LedgerInfo *ret_info, Error *error)
{
	_cleanup_(ledger_freep) Ledger *ledger = calloc(1, sizeof *ledger);
	LedgerInfo info;
	int r;

	error_set(error, -ENOMEM, "out of memory");
	if (!ledger)
		return -ENOMEM;
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
	ledger->station = quote(options->station ? options->station : "");
	atomic_store(&ledger->healthy, !options->read_only);
	if (!ledger->path || !ledger->station || (options->images && !ledger->images))
		return -ENOMEM;
	r = check_path(options->path, error);
	if (r == 0)
		r = check_lost(options, error);
	if (r == 0)
		r = open_file(ledger, &info, error);
	if (r < 0)
		return r;
	atomic_store(&ledger->newest_utc_us, info.newest_utc_us);
	if (!ledger->read_only)
		mark_open(ledger, info.newest_utc_us);
	if (info.names[0]) {
		free(ledger->station);
		ledger->station = quote(info.names);
		if (!ledger->station)
			return -ENOMEM;
	}
	*error = (Error){ 0 };
	r = ledger->read_only ? 0 : start(ledger, options, &info, error);
	if (r < 0 && !error->text[0])
		r = error_set(
			error, r, "the ledger %.120s cannot be written: %s", ledger->path, strerror(-r));
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

/* ---- requests ---- */

static int send_request(Ledger *ledger, Request *request)
{
	_cleanup_(request_freep) Request *owned = request;

	request->failures = ledger->told_of;
	/* it would wait for as long as the disk hangs, and nobody could tell its sender */
	if (ledger_ailment(ledger) == LEDGER_SILENT)
		return -ETIMEDOUT;
	/* as many as the answers' ring can hold: the thread never has to wait for room there */
	if (ledger->waiting >= LEDGER_REQUESTS || !ring_push_quiet(ledger->requests, &owned))
		return -EAGAIN;
	TAKE_PTR(owned);
	health_asked(ledger);
	ledger->waiting++;
	/* a thread that is at work looks at the ring by itself */
	if (atomic_exchange(&ledger->asleep, false))
		ring_wake(ledger->requests);
	return 0;
}

static int copy_attachment(Request *request, const LedgerRecord *record)
{
	if (!record->attachment)
		return 0;
	request->attachment = malloc(record->attachment_size ? record->attachment_size : 1);
	if (!request->attachment)
		return -ENOMEM;
	memcpy(request->attachment, record->attachment, record->attachment_size);
	request->attachment_size = record->attachment_size;
	return 0;
}

/** Moves what is in somebody's own words out of the body. 0 or -ENOMEM. */
static int keep_words_beside(const RecordKind *kind, json_t *body, json_t **personal)
{
	for (const RecordField *field = kind->fields; field->name; field++) {
		json_t *words = field->words == WORDS_BESIDE ? json_object_get(body, field->name) : NULL;

		if (!words)
			continue;
		if (!*personal)
			*personal = json_object();
		if (!*personal || json_object_set(*personal, field->name, words) < 0)
			return -ENOMEM;
		(void)json_object_del(body, field->name);
	}
	return 0;
}

static int copy_record(Request *request, const LedgerRecord *record)
{
	json_auto_t *body = json_copy(record->body), *personal = json_copy(record->personal);

	if (!body || keep_words_beside(request->kind, body, &personal) < 0)
		return -ENOMEM;
	request->actor = quote(record->actor);
	request->body = json_dumps(body, LEDGER_JSON);
	request->session = (uint64_t)json_integer_value(json_object_get(record->body, "session"));
	if (personal)
		request->personal = json_dumps(personal, LEDGER_JSON);
	if (request->projection)
		request->fields = json_deep_copy(body);
	if (!request->actor || !request->body || (personal && !request->personal) ||
		(request->projection && !request->fields))
		return -ENOMEM;
	return copy_attachment(request, record);
}

static void check_record(Request *request, const LedgerRecord *record)
{
	LedgerAnswer *answer = &request->answer;

	request->kind = record_kind_find(record->kind);
	if (request->kind) {
		request->projection = projection_find(request->kind);
		answer->error = record_new_check(request->kind, record->body, answer->text);
		return;
	}
	snprintf(answer->text, LEDGER_TEXT_MAX, "there is no kind of record \"%.64s\"", record->kind);
	answer->error = -EINVAL;
}

int ledger_append(Ledger *ledger, const LedgerRecord *record, LedgerDone done, void *userdata)
{
	_cleanup_(request_freep) Request *request = calloc(1, sizeof *request);
	int r;

	if (ledger->read_only)
		return -EROFS;
	if (!request)
		return -ENOMEM;
	request->what = REQUEST_APPEND;
	request->done = done;
	request->userdata = userdata;
	/* a record without a needed field is answered in its turn as well, after those before it */
	check_record(request, record);
	r = request->answer.error == 0 ? copy_record(request, record) : 0;
	return r < 0 ? r : send_request(ledger, TAKE_PTR(request));
}

int ledger_lookup(Ledger *ledger, const char *query, json_t *arguments, LedgerRows rows, void *userdata)
{
	_cleanup_(request_freep) Request *request = calloc(1, sizeof *request);

	if (ledger->read_only)
		return -EROFS;
	if (!request)
		return -ENOMEM;
	request->what = REQUEST_LOOKUP;
	request->query = query_find(query);
	request->arguments = arguments ? json_deep_copy(arguments) : json_object();
	request->rows_done = rows;
	request->userdata = userdata;
	if (!request->query)
		return -EINVAL;
	if (!request->arguments)
		return -ENOMEM;
	return send_request(ledger, TAKE_PTR(request));
}

static int ask(Ledger *ledger, RequestKind what, uint64_t number, LedgerRows done, void *userdata)
{
	_cleanup_(request_freep) Request *request = calloc(1, sizeof *request);

	if (ledger->read_only)
		return -EROFS;
	if (!request)
		return -ENOMEM;
	request->what = what;
	request->number = number;
	request->rows_done = done;
	request->userdata = userdata;
	return send_request(ledger, TAKE_PTR(request));
}

int ledger_checkpoint(Ledger *ledger, uint64_t since, LedgerRows done, void *userdata)
{
	return ask(ledger, REQUEST_CHECKPOINT, since, done, userdata);
}

int ledger_prove(Ledger *ledger, uint64_t seq, LedgerRows done, void *userdata)
{
	return ask(ledger, REQUEST_PROVE, seq, done, userdata);
}

int ledger_rotate_key(Ledger *ledger, const char *actor, LedgerDone done, void *userdata)
{
	_cleanup_(request_freep) Request *request = calloc(1, sizeof *request);

	if (ledger->read_only)
		return -EROFS;
	if (!request)
		return -ENOMEM;
	request->what = REQUEST_ROTATE;
	request->kind = record_kind_find("key.rotated");
	request->projection = projection_find(request->kind);
	request->actor = quote(actor);
	request->done = done;
	request->userdata = userdata;
	return request->actor ? send_request(ledger, TAKE_PTR(request)) : -ENOMEM;
}

/* ---- without a thread ---- */

int ledger_hold(Ledger *ledger, uint64_t *ret_records)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *select = NULL;
	int r = ledger_read_begin(ledger, NULL);

	if (r < 0)
		return r;
	ledger->held = true;
	r = statement_once(ledger->db, "SELECT coalesce(max(seq), 0) FROM record", NULL, &select);
	if (r < 0)
		return r;
	*ret_records = (uint64_t)column_integer(select, 0);
	return 0;
}

int ledger_prove_now(Ledger *ledger, uint64_t seq, json_t **ret, Error *error)
{
	int r = ledger_read_begin(ledger, error);

	if (r < 0)
		return r;
	r = prove_record(&ledger->statements, ledger->digester, seq, ret);
	ledger_read_end(ledger);
	if (r == -ENOENT)
		return error_set(error, r, "there is no record %llu", (unsigned long long)seq);
	if (r == -ENODATA)
		return error_set(error, r,
			"no checkpoint covers record %llu yet: ask the running station, or later",
			(unsigned long long)seq);
	if (r < 0)
		return error_set(
			error, r, "record %llu cannot be proved (%s)", (unsigned long long)seq, strerror(-r));
	return 0;
}

int ledger_prove_growth_now(Ledger *ledger, uint64_t size, json_t **ret, Error *error)
{
	int r = ledger_read_begin(ledger, error);

	if (r < 0)
		return r;
	r = prove_growth(&ledger->statements, ledger->digester, size, ret);
	ledger_read_end(ledger);
	if (r == -ENODATA)
		return error_set(error, r,
			"no checkpoint of this ledger covers %llu records: is it an older copy?",
			(unsigned long long)size);
	if (r < 0)
		return error_set(error, r, "the growth since %llu records cannot be proved (%s)",
			(unsigned long long)size, strerror(-r));
	return 0;
}

int ledger_lookup_now(Ledger *ledger, const char *query, json_t *arguments, json_t **ret, Error *error)
{
	const LedgerQuery *found = query_find(query);
	int r;

	if (!found)
		return error_set(error, -EINVAL, "there is no query \"%.64s\"", query);
	r = ledger_read_begin(ledger, error);
	if (r < 0)
		return r;
	r = query_rows(ledger->db, found, arguments, ret, error);
	ledger_read_end(ledger);
	return r;
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
	/* the disk was full before; where the queue is, the next answer brings it here again */
	if (ledger->restored && !ledger->restored_sent && ledger_healthy(ledger))
		(void)!record_restoration(ledger);
	streams_dispatch(ledger);
	check_dispatch(ledger);
}
