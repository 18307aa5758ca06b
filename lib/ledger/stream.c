/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Writes the rows of a query to a descriptor, each query from its own snapshot. It must not delay the writer,
 * or wait for a reader without limit.
 */

#include "ledger/reader.h"

#include <limits.h>
#include <poll.h>
#include <string.h>

enum { LOOK_AROUND_MS = 200 };

/** The state of writing rows to a descriptor. */
typedef struct Output {
	int fd;
	const atomic_bool *leave;   /* NULL: nobody asks it to */
	const atomic_bool *erasing; /* NULL, or set when its snapshot is in the way of an erasure */
	int64_t erasing_us;         /* monotonic, when it first saw that; 0: not yet */
	int patience_ms;            /* how long it waits for a reader that takes nothing; 0: without limit */
	uint64_t rows;
	size_t size;
	char data[PIPE_BUF];
} Output;

/** Whether an erasure has waited so long for this snapshot that it must end. */
static bool keeps_what_is_erased(Output *output)
{
	int64_t now_us;

	if (!output->erasing || !atomic_load(output->erasing)) {
		output->erasing_us = 0;
		return false;
	}
	now_us = clock_monotonic_us();
	if (output->erasing_us == 0)
		output->erasing_us = now_us;
	return now_us - output->erasing_us >= LEDGER_ERASING_MS * 1000LL;
}

/**
 * Writes at most PIPE_BUF bytes at a time, and only when there is room for them. So the write does not block
 * on a pipe, whose flags must not be changed because its reader shares them.
 */
static int output_flush(Output *output)
{
	struct pollfd room = { .fd = output->fd, .events = POLLOUT };
	size_t sent = 0;

	for (int waited_ms = 0; sent < output->size;) {
		int r = poll(&room, 1, LOOK_AROUND_MS);
		ssize_t n;

		if (keeps_what_is_erased(output))
			return -ETIMEDOUT;
		if (output->leave && atomic_load(output->leave))
			return -ECANCELED;
		if (r == 0 && output->patience_ms > 0 && (waited_ms += LOOK_AROUND_MS) >= output->patience_ms)
			return -ETIMEDOUT;
		if (r <= 0)
			continue;
		n = write(output->fd, output->data + sent, output->size - sent);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (n > 0) {
			sent += (size_t)n;
			waited_ms = 0;
		}
	}
	output->size = 0;
	return 0;
}

static int output_bytes(Output *output, const char *bytes, size_t size)
{
	while (size > 0) {
		size_t part = sizeof output->data - output->size;
		int r;

		if (part > size)
			part = size;
		memcpy(output->data + output->size, bytes, part);
		output->size += part;
		bytes += part;
		size -= part;
		r = output->size == sizeof output->data ? output_flush(output) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

/** Writes one JSON object as a line. */
static int output_row(void *userdata, sqlite3_stmt *row)
{
	Output *output = userdata;
	DigestPart line = column_bytes(row, 0);
	int r = output_bytes(output, line.data, line.size);

	if (r < 0)
		return r;
	r = output_bytes(output, "\n", 1);
	if (r < 0)
		return r;
	output->rows++;
	return 0;
}

/** Adds a sentence unless there is one already, as for a bad argument. */
static int output_explain(const Output *output, int r, Error *error)
{
	if (r == -EPIPE || r == -ETIMEDOUT)
		return error_set(error, r, "the reader went away after %llu rows: ask again",
			(unsigned long long)output->rows);
	return error->code == r ? r : error_set(error, r, "the rows could not be written (%s)", strerror(-r));
}

static int write_rows(sqlite3 *db, const LedgerQuery *query, json_t *arguments, QueryForm form,
	Output *output, Error *error)
{
	int r;

	*error = (Error){ 0 };
	r = query_run(db, query, arguments, form, INT64_MAX, output_row, output, error);
	if (r < 0)
		return output_explain(output, r, error);
	r = output->rows == 0 ? query_check_known(db, arguments, error) : 0;
	if (r < 0)
		return r;
	r = output_flush(output);
	return r < 0 ? output_explain(output, r, error) : 0;
}

/** -EBUSY or -EINVAL unless the query can be run on this ledger now. */
static int find_streamable(const Ledger *ledger, const char *query, const LedgerQuery **ret, Error *error)
{
	const LedgerQuery *found = query_find(query);

	if (!ledger->read_only)
		return error_set(error, -EBUSY, "the ledger is in use");
	if (!found || !query_is_streamable(found))
		return error_set(error, -EINVAL, "there is no query \"%.64s\"", query);
	*ret = found;
	return 0;
}

int ledger_stream_now(
	Ledger *ledger, const char *query, json_t *arguments, int fd, uint64_t *ret_rows, Error *error)
{
	/* a reader that reads page by page comes back; one that has gone closes the pipe */
	Output output = { .fd = fd };
	const LedgerQuery *found = NULL;
	int r = find_streamable(ledger, query, &found, error);

	if (r < 0)
		return r;
	r = ledger_read_begin(ledger, error);
	if (r < 0)
		return r;
	r = write_rows(ledger->db, found, arguments, ledger->impersonal ? QUERY_IMPERSONAL : QUERY_JSON,
		&output, error);
	ledger_read_end(ledger);
	if (r < 0)
		return r;
	*ret_rows = output.rows;
	return 0;
}

int ledger_columns_now(Ledger *ledger, const char *query, json_t **ret, Error *error)
{
	const LedgerQuery *found = NULL;
	int r = find_streamable(ledger, query, &found, error);

	if (r < 0)
		return r;
	r = ledger_read_begin(ledger, error);
	if (r < 0)
		return r;
	r = query_columns(ledger->db, found, ret, error);
	ledger_read_end(ledger);
	return r;
}

static int stream_rows(LedgerStream *stream, Output *output)
{
	_cleanup_(reader_freep) Reader *reader = NULL;
	const ReaderOptions options = { .leave = &stream->ledger->leave };
	int r = reader_open(stream->ledger->path, &options, &reader, &stream->error);

	if (r < 0)
		return r;
	r = write_rows(reader->db, stream->query, stream->arguments, QUERY_JSON, output, &stream->error);
	if (r < 0)
		return r;
	return query_columns(reader->db, stream->query, &stream->columns, &stream->error);
}

static void *stream_thread(void *userdata)
{
	LedgerStream *stream = userdata;
	Output output = { .fd = stream->fd,
		.leave = &stream->ledger->leave,
		.erasing = &stream->ledger->erasing,
		.patience_ms = stream->ledger->stalled_ms };

	(void)pthread_setname_np(pthread_self(), "stream");
	stream->error.code = stream_rows(stream, &output);
	stream->rows = output.rows;
	closep(&stream->fd);
	atomic_store(&stream->ended, true);
	ring_wake(stream->ledger->answers);
	return NULL;
}

int ledger_stream(
	Ledger *ledger, const char *query, json_t *arguments, int fd, LedgerDone done, void *userdata)
{
	LedgerStream *stream = NULL;
	int r;

	if (ledger->read_only) {
		closep(&fd);
		return -EROFS;
	}
	for (size_t i = 0; i < LEDGER_STREAMS_MAX && !stream; i++)
		if (!ledger->streams[i].running)
			stream = &ledger->streams[i];
	if (!stream) {
		closep(&fd);
		return -EBUSY;
	}
	*stream = (LedgerStream){ .ledger = ledger, .fd = fd, .done = done, .userdata = userdata };
	stream->query = query_find(query);
	stream->arguments = json_deep_copy(arguments);
	if (!stream->query || !query_is_streamable(stream->query) || !stream->arguments) {
		json_decref(stream->arguments);
		closep(&stream->fd);
		return -EINVAL;
	}
	r = pthread_create(&stream->thread, NULL, stream_thread, stream);
	if (r != 0) {
		json_decref(stream->arguments);
		closep(&stream->fd);
		return -r;
	}
	stream->running = true;
	return 0;
}

/** The caller keeps the columns. */
static void stream_join(LedgerStream *stream)
{
	pthread_join(stream->thread, NULL);
	json_decref(stream->arguments);
	stream->running = false;
}

void streams_dispatch(Ledger *ledger)
{
	for (size_t i = 0; i < LEDGER_STREAMS_MAX; i++) {
		LedgerStream *stream = &ledger->streams[i];
		LedgerAnswer answer = { 0 };

		if (!stream->running || !atomic_load(&stream->ended))
			continue;
		stream_join(stream);
		answer.error = stream->error.code;
		answer.seq = stream->rows;
		answer.columns = stream->columns;
		memcpy(answer.text, stream->error.text, sizeof answer.text);
		if (stream->done)
			stream->done(stream->userdata, &answer);
		json_decref(answer.columns);
	}
}

void streams_join(Ledger *ledger)
{
	for (size_t i = 0; i < LEDGER_STREAMS_MAX; i++) {
		LedgerStream *stream = &ledger->streams[i];

		if (!stream->running)
			continue;
		stream_join(stream);
		json_decref(stream->columns);
	}
}
