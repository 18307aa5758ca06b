/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A table's bytes as UTF-8 text, from what spreadsheets and devices write. Knows nothing of tables but the
 * line `sep=` that spreadsheets put before them.
 */

#include <stddef.h>
#include <stdio.h>

#include "util/error.h"

enum { CSV_TEXT_MAX = 64 << 20 };

/**
 * The whole of `file`, NUL-terminated and the caller's. `charset` is a name of iconv(3); NULL: UTF-8, or
 * UTF-16 where the text begins with its mark. Without a charset, bytes that are no UTF-8 are left as they
 * are: the cell in which they stand is the one to be refused. -EFBIG, -EINVAL (NUL characters, half a
 * character), -ENOMEM, -EIO. Blocks on the disk.
 */
int csv_text_read(FILE *file, const char *charset, char **ret, size_t *ret_size, Error *error) _must_check_;

/** The sign of a first line `sep=;`; '\0' where there is none. `ret_line` gets the bytes of that line. */
char csv_text_separator(const char *text, size_t *ret_line);
