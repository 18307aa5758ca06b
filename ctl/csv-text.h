/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A table's bytes as UTF-8 text, from what spreadsheets and devices write. Knows nothing of tables but the
 * line `sep=` that spreadsheets put before them.
 */

#include <stddef.h>
#include <stdio.h>

enum { CSV_TEXT_MAX = 64 << 20, CSV_TEXT_ERROR_MAX = 256 };

typedef enum CsvEncoding {
	CSV_UTF_8, /* also with its mark; UTF-16 where its mark says so */
	CSV_LATIN_1,
	CSV_UTF_16_LE, /* without a mark */
	CSV_UTF_16_BE,
} CsvEncoding;

/** -EINVAL: no such name. */
int csv_encoding_from_string(const char *name, CsvEncoding *ret);

/**
 * The whole of `file`, NUL-terminated and the caller's. Bytes that are no UTF-8 are left as they are in
 * CSV_UTF_8: the cell in which they stand is the one to be refused. -EFBIG, -EINVAL (NUL characters, half a
 * character) with `error`, -ENOMEM, -EIO. Blocks on the disk.
 */
int csv_text_read(
	FILE *file, CsvEncoding encoding, char **ret, size_t *ret_size, char error[CSV_TEXT_ERROR_MAX]);

/** The sign of a first line `sep=;`; '\0' where there is none. `ret_line` gets the bytes of that line. */
char csv_text_separator(const char *text, size_t *ret_line);
