/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The server's keys and certificates in a backup: one encrypted file. */

#include "clinic-config.h"
#include "owned-file.h"

/** Collects all files of keys that the configuration names, encrypted; the caller frees *ret. */
int backup_keys_seal(const ClinicConfig *config, void **ret, size_t *ret_size, Error *error) _must_check_;

/** The opened keys; erased when they are freed. */
typedef struct BackupKeys BackupKeys;

/** Decrypts the file `path` with the recovery code. -EBADMSG: another code, or damaged. */
int backup_keys_open(const char *path, const char *code, BackupKeys **ret, Error *error) _must_check_;
/** Accepts NULL; returns NULL. */
BackupKeys *backup_keys_free(BackupKeys *keys);
DEFINE_CLEANUP(BackupKeys *, backup_keys_free, backup_keys_freep);
/** The name by which stations reached the server. */
const char *backup_keys_host(const BackupKeys *keys);
/** The server's port, as text. */
const char *backup_keys_port(const BackupKeys *keys);
/** Writes them as setup does, to a new folder. */
int backup_keys_write(
	const BackupKeys *keys, const char *folder, const Owner *owner, Error *error) _must_check_;
