/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Files and folders that belong to the user who runs the server, made by commands that root runs. Functions
 * return 0 or a negative errno with a sentence in `error`, and block on the disk.
 */

#include <stddef.h>
#include <sys/types.h>

#include "util/error.h"

typedef struct Owner {
	uid_t uid;
	gid_t gid;
} Owner;

/** A user by name; NULL: whoever runs this. -ENOENT for an unknown one. Only root can make files of others.
 */
int owner_find(const char *user, Owner *ret, Error *error) _must_check_;
/** Whoever owns a file. */
int owner_of(const char *path, Owner *ret, Error *error) _must_check_;

/** As root: asks the system as that user until owner_resume(). Anybody else goes on as they are. */
int owner_become(const Owner *owner, Error *error) _must_check_;
void owner_resume(void);
/** As root: becomes that user for good. Anybody else goes on as they are. */
int owner_stay(const Owner *owner, Error *error) _must_check_;

/** A new folder with those above it; the folder itself must not exist. The one above it, when it is new, too,
 * belongs to `owner` as well. */
int owned_folder_make(const char *path, const Owner *owner, mode_t mode, Error *error) _must_check_;
/** A new file, whole and on the disk. -EEXIST: never overwritten. */
int owned_file_make(const char *path, const void *data, size_t size, const Owner *owner, mode_t mode,
	Error *error) _must_check_;
/** What was made in a folder is durable from here on. */
int owned_folder_sync(const char *path, Error *error) _must_check_;
