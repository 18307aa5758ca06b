/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A ledger that was copied with its write-ahead log to where nothing can be written. SQLite needs a file
 * beside it to read the log, so both are read from a private copy. Only the reader includes this.
 */

#include <stdbool.h>

#include "ledger/ledger-private.h"

typedef struct Scratch Scratch;

/** Whether the log of `path` has something in it, and cannot be read where it is. */
bool scratch_is_needed(const char *path);

/**
 * Copies both into a new folder under TMPDIR (or /var/tmp) that is its owner's alone. All that ask for the
 * same path at a time share one copy. -ENOSPC and the like with a sentence in `error`. Blocks on the disk.
 */
int scratch_take(const char *path, Scratch **ret, Error *error) _must_check_;
/** The copy's path, as long as it is not freed. */
const char *scratch_path(const Scratch *scratch);
/** Accepts NULL. The last one removes the copy. Returns NULL. */
Scratch *scratch_free(Scratch *scratch);
