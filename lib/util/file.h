/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Files that are either complete or absent. */

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "util/cleanup.h"

/** Writes all data to a blocking descriptor. 0 or -errno. */
int file_write_all(int fd, const void *data, size_t size) _must_check_;

/**
 * Writes `data` under `folder`/`name` so that a power cut leaves either the old file or the whole new one:
 * temporary file, fsync, rename, fsync of the folder. Mode 0640. Blocks on the disk.
 * Returns a negative errno (-ENOSPC on a full disk); the temporary file is removed on failure.
 */
int file_write_atomic(const char *folder, const char *name, const void *data, size_t size) _must_check_;

/**
 * Whether `name` is the rest of an interrupted write of the file `ret_whole`, which was then not replaced.
 */
bool file_is_unfinished(const char *name, char ret_whole[NAME_MAX + 1]);

/**
 * The folder of `path`: the part before its last slash, "." without a slash, "/" for files in the root. Owned
 * by the caller; NULL when out of memory.
 */
char *file_folder(const char *path) _must_check_;

/** file_write_atomic() to `path` followed by `suffix`. */
int file_write_beside(const char *path, const char *suffix, const void *data, size_t size) _must_check_;

/**
 * Deletes `folder`/`name` durably: a power cut does not bring it back. A missing file is success. Blocks on
 * the disk.
 */
int file_erase(const char *folder, const char *name) _must_check_;

/** mkdir -p, mode 0750. An existing folder is success. */
int file_make_folders(const char *path) _must_check_;

/** Free bytes for an ordinary user on the file system that holds `path`. Does not block on the disk. */
int file_free_bytes(const char *path, uint64_t *ret) _must_check_;

/**
 * Reads a whole file of at most `limit` bytes; the result is NUL-terminated and owned by the caller. -EFBIG
 * for a larger file; -ESPIPE for a named pipe, without waiting for it.
 */
int file_read(const char *path, size_t limit, char **ret, size_t *ret_size) _must_check_;
