/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A ledger that was copied, with its write-ahead log, to a place that cannot be written. SQLite needs another
 * file beside it to read the log, so this reads both from a private copy. Only the reader includes this.
 */

#include <stdbool.h>

#include "ledger/ledger-private.h"

typedef struct Scratch Scratch;

/** Whether the log of `path` has content and cannot be read in place. */
bool scratch_is_needed(const char *path);

/**
 * Copies both into a new folder under TMPDIR (or /var/tmp) that only its owner can access. Callers that want
 * the same path at the same time share one copy. -ENOSPC and the like with a sentence in `error`. Blocks on
 * the disk.
 */
int scratch_take(const char *path, Scratch **ret, Error *error) _must_check_;
/** The copy's path; valid until the copy is freed. */
const char *scratch_path(const Scratch *scratch);
/** Accepts NULL. The last holder removes the copy. Returns NULL. */
Scratch *scratch_free(Scratch *scratch);
