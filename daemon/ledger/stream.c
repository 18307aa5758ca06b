/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/ledger-private.h"

#include <string.h>

/** One JSON object a line. A reader that went away ends the stream; that is no error of the station's. */
static int write_row(void *userdata, json_t *row)
{
	LedgerStream *stream = userdata;
	_cleanup_(freep) char *line = json_dumps(row, JSON_COMPACT);
	size_t size, sent = 0;

	if (!line)
		return -ENOMEM;
	size = strlen(line);
	line[size++] = '\n'; /* in place of the terminator */
	while (sent < size) {
		ssize_t n = write(stream->fd, line + sent, size - sent);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		sent += (size_t)n;
	}
	stream->rows++;
	return 0;
}

static void *stream_thread(void *userdata)
{
	LedgerStream *stream = userdata;
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;

	stream->error = schema_open(stream->ledger->path, true, &db, stream->text);
	if (stream->error == 0)
		stream->error = query_run(
			db, stream->query, stream->arguments, INT64_MAX, write_row, stream, stream->text);
	if (stream->error == -EPIPE)
		snprintf(stream->text, sizeof stream->text, "the reader went away after %llu rows",
			(unsigned long long)stream->rows);
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
	if (!stream->query || !stream->query->streamable || !stream->arguments) {
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

void streams_dispatch(Ledger *ledger)
{
	for (size_t i = 0; i < LEDGER_STREAMS_MAX; i++) {
		LedgerStream *stream = &ledger->streams[i];
		LedgerAnswer answer = { 0 };

		if (!stream->running || !atomic_load(&stream->ended))
			continue;
		pthread_join(stream->thread, NULL);
		json_decref(stream->arguments);
		stream->running = false;
		answer.error = stream->error;
		answer.seq = stream->rows;
		memcpy(answer.text, stream->text, sizeof answer.text);
		if (stream->done)
			stream->done(stream->userdata, &answer);
	}
}

void streams_join(Ledger *ledger)
{
	for (size_t i = 0; i < LEDGER_STREAMS_MAX; i++) {
		LedgerStream *stream = &ledger->streams[i];

		if (!stream->running)
			continue;
		pthread_join(stream->thread, NULL);
		json_decref(stream->arguments);
		stream->running = false;
	}
}
