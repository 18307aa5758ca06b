/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * One INI file, entry by entry, with the place of each: inih does the parsing, this adds line numbers and
 * refuses what inih lets pass in silence: duplicate keys, lines cut short, text that is not UTF-8, entries
 * without section, continuation lines.
 *
 * Comments begin with '#' or ';' at the start of a line, or with " ;" after a value. A line holds at most
 * INI_FILE_LINE_MAX bytes, a file INI_FILE_SIZE_MAX.
 */

#include <stddef.h>
#include <stdint.h>

#include "util/error.h"

enum {
	INI_FILE_LINE_MAX = 197, /* what libinih is built with: 200 bytes with line end and NUL */
	INI_FILE_SECTION_MAX = 48,
	INI_FILE_SIZE_MAX = 256 * 1024,
};

/** All strings are valid during the call only. */
typedef struct IniEntry {
	const char *section, *key, *value; /* value may be "" */
	const char *file;
	int line; /* from 1 */
} IniEntry;

/** Takes one entry: 0, or a negative errno with the reason, without place and key, in `error`. */
typedef int (*IniHandler)(void *userdata, const IniEntry *entry, Error *error);

/**
 * Reads `path` and hands over its entries in order, up to the first error. Then `error` says
 * "file:line: key: reason" and the handler's errno, -EINVAL, or the errno of reading is returned.
 * Blocks on the disk.
 */
int ini_file_read(const char *path, IniHandler handler, void *userdata, Error *error) _must_check_;

/** The same for text in memory, which need not end in NUL; `name` stands for the file in messages. */
int ini_text_read(const char *text, size_t size, const char *name, IniHandler handler, void *userdata,
	Error *error) _must_check_;

/**
 * Names of the files of `folder` that end in ".conf" and do not begin with '.', in byte order, without
 * the folder, as an array that ends with NULL. Returns how many, or the negative errno of reading the folder.
 * Blocks on the disk.
 */
int ini_folder_list(const char *folder, char ***ret_names) _must_check_;
/** Frees such an array. Accepts NULL; returns NULL. */
char **ini_names_free(char **names);
DEFINE_CLEANUP(char **, ini_names_free, ini_names_freep);

/** Reads one file: 0, or a negative errno with the reason in `error`. */
typedef int (*IniFile)(const char *path, void *userdata, Error *error);

/**
 * Hands over `path`, and then each file that ini_folder_list() finds in the folder conf.d beside it, up to
 * the first error, which is returned. Blocks on the disk.
 */
int ini_files_each(const char *path, IniFile each, void *userdata, Error *error) _must_check_;

/** A whole number of at most nine digits, `min` to `max`. -EINVAL with what is allowed in `error`. */
int ini_number(const char *value, uint32_t min, uint32_t max, uint32_t *ret, Error *error) _must_check_;
