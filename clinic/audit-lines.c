/* SPDX-License-Identifier: Apache-2.0 */

/** Sends lines while they are made. It must hold nothing of the database between two parts. */

#include <string.h>

#include "audit.h"

static void lines_free(void *userdata)
{
	AuditLines *lines = userdata;

	if (lines->done)
		lines->done(lines);
	free(lines->text);
	free(lines);
}

static int make_part(AuditLines *lines, PGconn *connection, Error *error)
{
	FILE *out = open_memstream(&lines->text, &lines->size);
	int n;

	if (!out)
		return error_set(error, -ENOMEM, "no memory for an answer");
	n = lines->next(lines, connection, out, error);
	if (n == 0)
		(void)fprintf(out, "{\"end\":%llu}\n", (unsigned long long)lines->rows);
	if (fclose(out) != 0 && n >= 0)
		n = error_set(error, -ENOMEM, "no memory for an answer");
	lines->at = 0;
	lines->ended = n == 0;
	lines->rows += n > 0 ? (uint64_t)n : 0;
	return n < 0 ? n : 0;
}

static int next_part(AuditLines *lines, Error *error)
{
	PGconn *connection;
	int r;

	free(TAKE_PTR(lines->text));
	lines->size = lines->at = 0;
	r = database_take(lines->database, &connection, error);
	if (r < 0)
		return r;
	r = make_part(lines, connection, error);
	database_give(lines->database, connection);
	return r;
}

static ssize_t audit_read_lines(void *userdata, char *data, size_t size)
{
	AuditLines *lines = userdata;
	Error error;
	size_t n;
	int r = lines->at == lines->size && !lines->ended ? next_part(lines, &error) : 0;

	if (r < 0)
		return r;
	n = lines->size - lines->at;
	if (n > size)
		n = size;
	if (n > 0)
		memcpy(data, lines->text + lines->at, n);
	lines->at += n;
	return (ssize_t)n;
}

Answer audit_answer_lines(AuditLines *lines)
{
	Error error;

	if (next_part(lines, &error) < 0) {
		lines_free(lines);
		return answer_trouble(&error);
	}
	return answer_stream(200, "application/x-ndjson",
		(AnswerStream){ .read = audit_read_lines, .free = lines_free, .userdata = lines });
}

int audit_put_rows(const PGresult *rows, FILE *out)
{
	int n = PQntuples(rows);

	for (int i = 0; i < n; i++) {
		fputs(PQgetvalue(rows, i, 0), out);
		putc('\n', out);
	}
	return n;
}
