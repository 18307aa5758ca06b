/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Keeps the tables of the page up with the records, in a thread of its own: a record that cannot be read
 * holds up no upload. The work is done in short transactions, so several servers may do it at once.
 */

#include "database.h"

typedef struct PageFold PageFold;

/** Makes the functions that the work is done with, and begins. `database` is borrowed. */
int page_fold_start(Database *database, PageFold **ret, Error *error) _must_check_;
/** Ends after the transaction that it is in. Accepts NULL; returns NULL. */
PageFold *page_fold_stop(PageFold *fold);
/** Notes that a station has just asked something: written down with the next round. Any thread; does not
 * block. */
void page_fold_note(PageFold *fold, const char *name);
