/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Reads one INI file entry by entry, with the position of each. inih does the parsing. This file adds line
 * numbers and rejects what inih accepts silently: duplicate keys, truncated lines, text that is not UTF-8,
 * entries outside a section, continuation lines.
 *
 * Comments begin with '#' or ';' at the start of a line, or with " ;" after a value. A line holds at most
 * INI_FILE_LINE_MAX bytes, a file INI_FILE_SIZE_MAX.
 */

#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

enum {
	INI_FILE_LINE_MAX = 197, /* libinih's compiled-in limit: 200 bytes with line end and NUL */
	INI_FILE_SECTION_MAX = 48,
	INI_FILE_SIZE_MAX = 256 * 1024,
};

/** All strings are valid only during the call. */
typedef struct IniEntry {
	const char *section, *key, *value; /* value may be "" */
	const char *file;
	int line; /* from 1 */
} IniEntry;

/** Takes one entry: returns 0, or a negative errno with the reason in `error`, without position and key. */
typedef int (*IniHandler)(void *userdata, const IniEntry *entry, Error *error);

/**
 * Reads `path` and passes its entries to `handler` in order, up to the first error. `error` then says
 * "file:line: key: reason"; the result is the handler's errno, -EINVAL, or the errno of reading. Blocks on
 * the disk.
 */
int ini_file_read(const char *path, IniHandler handler, void *userdata, Error *error) _must_check_;

/** Does the same for text in memory, which need not end in NUL; messages call it `name`. */
int ini_text_read(const char *text, size_t size, const char *name, IniHandler handler, void *userdata,
	Error *error) _must_check_;

/**
 * Lists the files of `folder` that end in ".conf" and do not begin with '.', in byte order, as names without
 * the folder in an array that ends with NULL. Returns their number, or the negative errno of reading the
 * folder. Blocks on the disk.
 */
int ini_folder_list(const char *folder, char ***ret_names) _must_check_;
/** Frees such an array. Accepts NULL; returns NULL. */
char **ini_names_free(char **names);
DEFINE_CLEANUP(char **, ini_names_free, ini_names_freep);

/** Reads one file: 0, or a negative errno with the reason in `error`. */
typedef int (*IniFile)(const char *path, void *userdata, Error *error);

/**
 * Passes `path` to `each`, then each file that ini_folder_list() finds in the folder conf.d beside it, up to
 * the first error, which it returns. Blocks on the disk.
 */
int ini_files_each(const char *path, IniFile each, void *userdata, Error *error) _must_check_;

/** Reads a whole number of at most nine digits, `min` to `max`. -EINVAL with the allowed range in `error`. */
int ini_number(const char *value, uint32_t min, uint32_t max, uint32_t *ret, Error *error) _must_check_;
