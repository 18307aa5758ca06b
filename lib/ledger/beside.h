/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The small files beside a ledger, which are called as it is with a suffix: checkpoint, findings, words for
 * the station's next start. Only files of the ledger include this. All of it blocks on the disk.
 */

#include <stddef.h>

#include "util/cleanup.h"

/** As file_read(). */
int beside_read(
	const char *path, const char *suffix, size_t limit, char **ret, size_t *ret_size) _must_check_;
/** One that is not there is as good. */
void beside_remove(const char *path, const char *suffix);
/**
 * The daemon's user owns the folder of `path`, and so what is put there: gives an open file of it to that
 * user, with mode 0640.
 */
int beside_give_fd(int fd, const char *path) _must_check_;
/** The same of a file that nobody has open. What the folder's owner put there instead is not given away. */
int beside_give(const char *path, const char *suffix) _must_check_;
