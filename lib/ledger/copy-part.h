/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Makes a copy of a ledger that is either complete or absent, and the sentences for people who make one. Only
 * the ledger's copying files include this.
 */

#include "ledger/copy.h"
#include "ledger/reader.h"

/** Writes "PATH WHAT: the error". Returns `r`. */
int copy_explain(Error *error, int r, const char *what, const char *path);
/** Explains why `path` was not written, and what to do. Returns `r`. */
int copy_explain_write(Error *error, int r, const char *path);
/** Whether the caller wants the copy to end early. */
bool copy_was_left(const LedgerCopy *copy);
/** The first column of the first row, owned by the caller; NULL when there is none. */
char *copy_select_text(sqlite3 *db, const char *sql);
/** Syncs the folder of `path`, so that new files in it are durable. */
int copy_sync_folder(const char *path) _must_check_;
/**
 * Renames `part` to `name`, never over an existing file. Uses a hard link where the file system has no such
 * rename.
 */
int copy_give_name(const char *part, const char *name) _must_check_;

int copy_open_source(const LedgerCopy *copy, bool older, Reader **ret, Error *error) _must_check_;
int copy_refuse_existing(const LedgerCopy *copy, Error *error) _must_check_;

/** Deletes a copy that was not completed, and SQLite's files beside it; frees `part`. */
void copy_part_remove(char *part);
DEFINE_CLEANUP(char *, copy_part_remove, copy_part_removep);

/** Changes the copied pages, for an archive. */
typedef int (*LedgerChange)(void *userdata, sqlite3 *db);

/**
 * Copies the reader's snapshot to NAME.part and lets `change` work on it. The caller gets that file's name.
 */
int copy_make_part(const LedgerCopy *copy, Reader *from, LedgerChange change, void *userdata, char **ret,
	Error *error) _must_check_;
/** Lets the caller look at the copy, then gives it its final name. */
int copy_finish(const LedgerCopy *copy, const char *part, Error *error) _must_check_;
