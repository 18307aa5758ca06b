/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A copy of a ledger that is whole or not there, and the sentences for those who make one. Only the files of
 * the ledger that copy include this.
 */

#include "ledger/copy.h"
#include "ledger/reader.h"

/** "PATH WHAT: the error". Returns `r`. */
int copy_explain(Error *error, int r, const char *what, const char *path);
/** Why `path` was not written, and what to do. Returns `r`. */
int copy_explain_write(Error *error, int r, const char *path);
/** Whether the caller wants it to end. */
bool copy_was_left(const LedgerCopy *copy);
/** The first column of the first row; NULL none. The caller's. */
char *copy_select_text(sqlite3 *db, const char *sql);
/** Makes what was put into the folder of `path` durable. */
int copy_sync_folder(const char *path) _must_check_;
/** Never over a file that is there; where a file system cannot say so of a renaming, it has links. */
int copy_give_name(const char *part, const char *name) _must_check_;

int copy_open_source(const LedgerCopy *copy, bool older, Reader **ret, Error *error) _must_check_;
int copy_refuse_existing(const LedgerCopy *copy, Error *error) _must_check_;

/** Deletes a copy that did not get its name, and what SQLite kept beside it; frees `part`. */
void copy_part_remove(char *part);
DEFINE_CLEANUP(char *, copy_part_remove, copy_part_removep);

/** What an archive does to the pages copied. */
typedef int (*LedgerChange)(void *userdata, sqlite3 *db);

/** Copies the reader's snapshot to NAME.part, the name of which the caller gets, and lets `change` work on
 * it.
 */
int copy_make_part(const LedgerCopy *copy, Reader *from, LedgerChange change, void *userdata, char **ret,
	Error *error) _must_check_;
/** The caller's last look at it; then it gets its name. */
int copy_finish(const LedgerCopy *copy, const char *part, Error *error) _must_check_;
