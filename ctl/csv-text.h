/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Reads the tables that spreadsheets and devices write, as UTF-8 text. Knows nothing of tables except the
 * line `sep=` that spreadsheets put first.
 */

#include <stddef.h>
#include <stdio.h>

#include "util/error.h"

enum { CSV_TEXT_MAX = 64 << 20 };

/**
 * Reads the whole of `file`, NUL-terminated; the caller frees it. `charset` is a name of iconv(3). NULL
 * means UTF-8, or UTF-16 if the text begins with its byte order mark. Without a charset, bytes that are not
 * UTF-8 are left unchanged, so that the cell they stand in can be refused. -EFBIG, -EINVAL (NUL characters,
 * half a character), -ENOMEM, -EIO. Blocks on the disk.
 */
int csv_text_read(FILE *file, const char *charset, char **ret, size_t *ret_size, Error *error) _must_check_;

/**
 * The separator that a first line `sep=;` names; '\0' if there is no such line. `ret_line` gets the length
 * of that line in bytes.
 */
char csv_text_separator(const char *text, size_t *ret_line);
