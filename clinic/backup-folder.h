/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What a backup is on a disk: a folder stipple-clinic-20261130T101112Z with the database, the keys encrypted,
 * and manifest.json with the digests of both, which is written last. Functions return 0 or a negative errno
 * with a sentence in `error`, and block on the disk.
 */

#include <stdbool.h>

#include "registry-check.h"

#define BACKUP_PREFIX   "stipple-clinic-"
#define BACKUP_DATABASE "database.dump"
#define BACKUP_KEYS     "keys.sealed"
#define BACKUP_MANIFEST "manifest.json"
#define BACKUP_PART     ".part"

enum { BACKUP_NAME_MAX = sizeof BACKUP_PREFIX "20261130T101112Z" };

typedef struct BackupManifest {
	int64_t made_s; /* seconds since 1970 */
	RegistryFacts registry;
	unsigned timeline;
	char registry_key[NOTE_KEY_MAX];
	char database[DIGEST_HEX_MAX], keys[DIGEST_HEX_MAX]; /* SHA-256 of the two files */
} BackupManifest;

void backup_name(int64_t utc_s, char ret[BACKUP_NAME_MAX]);
/** Whether this is the name of a whole backup; *ret gets its time. */
bool backup_name_read(const char *name, int64_t *ret);

/** Digests both files of `folder` and makes the text of the manifest, which the caller frees. */
int backup_manifest_make(
	const char *folder, const BackupManifest *manifest, char **ret, Error *error) _must_check_;
/** Reads a backup's manifest. -EBADMSG: it is none, or a file is damaged: it does not have its digest. */
int backup_manifest_read(const char *folder, BackupManifest *ret, Error *error) _must_check_;

/** The newest whole backup in `folder`; *ret is 0 when there is none. */
int backup_newest(const char *folder, int64_t *ret, Error *error) _must_check_;
/** Deletes the oldest whole backups but `keep`, and what interrupted ones left. */
int backup_prune(const char *folder, unsigned keep, Error *error) _must_check_;
