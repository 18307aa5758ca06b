/* SPDX-License-Identifier: Apache-2.0 */

/** Reads lines of JSON. It must keep no more than one line, and must not take a cut answer for a whole one.
 */

#include "clinic-lines.h"

#include <errno.h>
#include <string.h>

enum { LINE_SIZE_MAX = 4 << 20, PART_SIZE = 1 << 16 };

void line_reader_done(LineReader *reader)
{
	free(TAKE_PTR(reader->line));
}

static int not_of_its_form(const LineReader *reader, Error *error)
{
	return error_set(error, -EBADMSG, "row %llu of the answer is not what a clinic's server sends",
		(unsigned long long)reader->rows + 1);
}

static int take_last_line(LineReader *reader, const json_t *end, Error *error)
{
	reader->ended = true;
	if (json_is_integer(end) && (uint64_t)json_integer_value(end) == reader->rows)
		return 0;
	return error_set(error, -EBADMSG, "the answer says that it has other than the %llu rows that came",
		(unsigned long long)reader->rows);
}

static int take_whole_line(LineReader *reader, const char *line, size_t size, Error *error)
{
	const ClinicReading *reading = reader->reading;
	json_auto_t *row = json_loadb(line, size, JSON_REJECT_DUPLICATES, NULL);
	const json_t *end = json_object_get(row, "end");

	if (!json_is_object(row) || reader->ended)
		return not_of_its_form(reader, error);
	if (reading->copy)
		(void)fprintf(reading->copy, "%.*s\n", (int)size, line);
	if (reading->head && !reader->begun) {
		reader->begun = true;
		return reading->head(reading->userdata, row, error);
	}
	if (end)
		return take_last_line(reader, end, error);
	reader->rows++;
	return reading->row(reading->userdata, row, error);
}

static int keep_part(LineReader *reader, const char *data, size_t size, Error *error)
{
	size_t needed = reader->size + size;
	char *line;

	if (size > LINE_SIZE_MAX || needed > LINE_SIZE_MAX)
		return not_of_its_form(reader, error);
	if (needed > reader->capacity) {
		line = reallocarray(reader->line, 2, needed);
		if (!line)
			return error_set(error, -ENOMEM, "out of memory");
		reader->line = line;
		reader->capacity = 2 * needed;
	}
	memcpy(reader->line + reader->size, data, size);
	reader->size += size;
	return 0;
}

int line_reader_take(LineReader *reader, const char *data, size_t size, Error *error)
{
	while (size > 0) {
		const char *newline = memchr(data, '\n', size);
		size_t n = newline ? (size_t)(newline - data) : size;
		int r = n > 0 ? keep_part(reader, data, n, error) : 0;

		if (r < 0)
			return r;
		if (!newline)
			return 0;
		r = take_whole_line(reader, reader->line ? reader->line : "", reader->size, error);
		if (r < 0)
			return r;
		reader->size = 0;
		data += n + 1;
		size -= n + 1;
	}
	return 0;
}

int line_reader_end(const LineReader *reader, Error *error)
{
	if (reader->ended && reader->size == 0)
		return 0;
	return error_set(error, -EPIPE, "the answer was cut off after %llu rows: ask again",
		(unsigned long long)reader->rows);
}

int clinic_read_saved(const char *file, const ClinicReading *reading, Error *error)
{
	_cleanup_(line_reader_done) LineReader lines = { .reading = reading };
	_cleanup_(fclosep) FILE *saved = fopen(file, "re");
	char part[PART_SIZE];
	size_t n;
	int r = 0;

	if (!saved)
		return error_set(error, -errno, "%.200s: %s", file, strerror(errno));
	while (r >= 0 && (n = fread(part, 1, sizeof part, saved)) > 0)
		r = line_reader_take(&lines, part, n, error);
	return r < 0 ? r : line_reader_end(&lines, error);
}
