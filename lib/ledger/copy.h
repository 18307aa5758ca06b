/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Copies of a ledger's file: backups, restoring one, sealed archives, and what an export is made of. All of
 * it blocks on the disk and needs no daemon; a backup and an archive can be made while one writes. `error`
 * gets a sentence.
 */

#include <stdatomic.h>

#include "ledger/ledger.h"
#include "util/digest.h"

/** How a copy is made. It is NAME.part until it is whole; whatever fails leaves neither behind. */
typedef struct LedgerCopy {
	const char *path;         /* the ledger that is copied */
	const char *name;         /* the copy's */
	const atomic_bool *leave; /* NULL, or what ends it early: -ECANCELED */
	/** What is being done, and `done` of `total` pages; 0 of 0 where that cannot be said. May be NULL. */
	void (*progress)(void *userdata, const char *doing, uint64_t done, uint64_t total);
	/**
	 * A last look at the whole copy, which is on the disk as `part`. Negative errno: it gets no name, and
	 * `error` stays empty. May be NULL.
	 */
	int (*look)(void *userdata, const char *part);
	void *userdata;
} LedgerCopy;

/** Copies the ledger as it is at this moment. -EEXIST: there is a file of that name. */
int ledger_backup(const LedgerCopy *copy, Error *error) _must_check_;

typedef struct LedgerArchive {
	uint64_t size;               /* records 1 to `size`, which a checkpoint covers */
	char sha256[DIGEST_HEX_MAX]; /* of the file */
} LedgerArchive;

/**
 * The same of the records before `utc_us` only, as a ledger of its own that ends with a checkpoint and can be
 * read only. -ENODATA: no checkpoint is as old.
 */
int ledger_archive(const LedgerCopy *copy, int64_t utc_us, LedgerArchive *ret, Error *error) _must_check_;

typedef struct LedgerRestored {
	uint64_t size;    /* records of the backup */
	uint64_t known;   /* of the newest checkpoint that the station is known to have made */
	uint64_t lacking; /* known - size, or 0 */
	/** Of the log that goes on from here, and what it was called before; "" in a ledger without a key. */
	char origin[NOTE_NAME_MAX], previous[NOTE_NAME_MAX];
	char aside[512]; /* where the ledger that was there went; "" there was none */
} LedgerRestored;

/**
 * Puts a backup (`path`), which the caller has verified, in place of the ledger (`name`), which is moved
 * aside as evidence; that stays in its place where anything fails. The station records at its next start what
 * is lacking. -EWOULDBLOCK: a daemon holds the ledger.
 */
int ledger_restore(const LedgerCopy *copy, LedgerRestored *ret, Error *error) _must_check_;

/**
 * From now on a read-only ledger is what it is at this moment, whatever a daemon writes: for answers that
 * belong together. `ret_records`: how many it has.
 */
int ledger_hold(Ledger *ledger, uint64_t *ret_records) _must_check_;

/** From now on ledger_stream_now() of a read-only ledger leaves out columns that hold personal data. */
void ledger_leave_out_personal(Ledger *ledger);

/** A record's stored bytes, and its attachment unless it is strokes; NULL: none. Non-zero ends it. */
typedef int (*LedgerEach)(void *userdata, uint64_t seq, const char *leaf, size_t size, const void *attachment,
	size_t attachment_size);

/** Runs `each` on the records 1 to `size` of a read-only ledger, in order. Returns what it returned. */
int ledger_each_record(Ledger *ledger, uint64_t size, LedgerEach each, void *userdata) _must_check_;

/**
 * Lifts what a verification found (`ledger.db.damaged`), after the caller verified the ledger and found it
 * sound, all of its `records`. The station records it when it opens the ledger next. Also while an inert
 * station runs. -ENOENT: nothing was found; -EPERM: the badge is no administrator's, or the PIN is another.
 */
int ledger_clear_damage(
	const char *path, const char *badge, const char *pin, uint64_t records, Error *error) _must_check_;
