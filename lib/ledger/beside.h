/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The small files beside a ledger, each named like the ledger plus a suffix: checkpoint, findings, notes for
 * the station's next start. Only files of the ledger include this. All of it blocks on the disk.
 */

#include <stddef.h>

#include "util/cleanup.h"

/** Reads a file beside the ledger, as file_read() does. */
int beside_read(
	const char *path, const char *suffix, size_t limit, char **ret, size_t *ret_size) _must_check_;
/** Removes a file beside the ledger; a missing one is fine. */
void beside_remove(const char *path, const char *suffix);
/**
 * Gives an open file to the daemon's user, who owns the folder of `path`, when run as root; sets mode 0640.
 */
int beside_give_fd(int fd, const char *path) _must_check_;
/** The same for a file that is not open. Follows no link, so that no other file can be given away. */
int beside_give(const char *path, const char *suffix) _must_check_;
