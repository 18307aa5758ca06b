/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The files by which a station is known at its clinic: the authority's certificate, its own, and its key.
 * They are replaced whole. Functions return 0 or a negative errno with a sentence in `error`, and block on
 * the disk.
 */

#include <sys/types.h>

#include "util/error.h"

typedef struct StationFiles {
	const char *ca, *certificate, *key; /* paths */
} StationFiles;

/** The group of stipple-registryd, which reads them; (gid_t)-1 when the system has none. */
gid_t station_files_group(void);

/**
 * Makes the folder of `path` for that group, in which it may replace files too: a certificate is renewed by
 * stipple-registryd itself. A folder that is there is left as it is, if it is not the last one made here.
 */
int station_folder_make(const char *path, gid_t group, Error *error) _must_check_;

/** A temporary file, fsync, rename, fsync of the folder. `mode`: such as 0640. group -1: as it comes. */
int station_file_put(const char *path, const char *text, mode_t mode, gid_t group, Error *error) _must_check_;
/** The text of a file, NUL-terminated; the caller frees it. -ENOENT: it is missing. */
int station_file_get(const char *path, char **ret, Error *error) _must_check_;
/** Renames durably. */
int station_file_move(const char *from, const char *to, Error *error) _must_check_;
