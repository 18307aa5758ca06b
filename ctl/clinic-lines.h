/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Reads an answer of lines of JSON as it comes: a head where there is one, rows, and {"end": N} at last. */

#include "clinic-https.h"

/** A zeroed one with `reading` is ready. */
typedef struct LineReader {
	const ClinicReading *reading;
	char *line; /* what came of the line that is not whole yet */
	size_t size, capacity;
	uint64_t rows;
	bool begun, ended;
} LineReader;

/** A cleanup function. */
void line_reader_done(LineReader *reader);
/** Takes what came. Errors as for clinic_read_lines(). */
int line_reader_take(LineReader *reader, const char *data, size_t size, Error *error) _must_check_;
/** Nothing more comes: -EPIPE unless the last line was there. */
int line_reader_end(const LineReader *reader, Error *error) _must_check_;
