/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Copies of a ledger's file: backup, restore, sealed archive, and the base of an export. All of it blocks on
 * the disk and needs no daemon; a backup or an archive can be made while a daemon writes. `error` gets a
 * sentence.
 */

#include <stdatomic.h>

#include "ledger/ledger.h"
#include "util/digest.h"

/** How a copy is made. It is called NAME.part until it is complete; a failure leaves neither file behind. */
typedef struct LedgerCopy {
	const char *path;         /* the ledger that is copied */
	const char *name;         /* the path of the copy */
	const atomic_bool *leave; /* NULL, or a flag that ends the copying early: -ECANCELED */
	/** Reports the current step, and `done` of `total` pages; 0 of 0 when unknown. May be NULL. */
	void (*progress)(void *userdata, const char *doing, uint64_t done, uint64_t total);
	/**
	 * Looks at the complete copy, which is on the disk as `part`. On a negative errno the copy is
	 * dropped, and `error` stays empty. May be NULL.
	 */
	int (*look)(void *userdata, const char *part);
	void *userdata;
} LedgerCopy;

/** Copies the ledger as it is now. -EEXIST: a file of that name exists. */
int ledger_backup(const LedgerCopy *copy, Error *error) _must_check_;

typedef struct LedgerArchive {
	uint64_t size;               /* the archive has records 1 to `size`, which a checkpoint covers */
	char sha256[DIGEST_HEX_MAX]; /* of the archive's file */
} LedgerArchive;

/**
 * Copies only the records before `utc_us`, as a separate read-only ledger that ends with a checkpoint.
 * -ENODATA: no checkpoint is that old.
 */
int ledger_archive(const LedgerCopy *copy, int64_t utc_us, LedgerArchive *ret, Error *error) _must_check_;

typedef struct LedgerRestored {
	uint64_t size;    /* records of the backup */
	uint64_t known;   /* size of the newest checkpoint that the station is known to have made */
	uint64_t lacking; /* known - size, or 0 */
	/** The origin of the continued log, and its origin before; "" in a ledger without a key. */
	char origin[NOTE_NAME_MAX], previous[NOTE_NAME_MAX];
	char aside[512]; /* where the replaced ledger was moved; "" when there was none */
} LedgerRestored;

/**
 * Puts a backup (`path`), which the caller has verified, in place of the ledger (`name`). The old ledger is
 * moved aside as evidence; it stays in place when anything fails. At its next start the station records which
 * records are lacking. -EWOULDBLOCK: a daemon holds the ledger.
 */
int ledger_restore(const LedgerCopy *copy, LedgerRestored *ret, Error *error) _must_check_;

/**
 * Freezes a read-only ledger at this moment, whatever a daemon writes, so that several answers agree.
 * `ret_records`: how many records it has.
 */
int ledger_hold(Ledger *ledger, uint64_t *ret_records) _must_check_;

/** From now on, ledger_stream_now() of a read-only ledger leaves out columns with personal data. */
void ledger_leave_out_personal(Ledger *ledger);

/**
 * Gets a record's stored bytes, and its attachment unless that holds strokes; NULL: none. Non-zero ends the
 * reading.
 */
typedef int (*LedgerEach)(void *userdata, uint64_t seq, const char *leaf, size_t size, const void *attachment,
	size_t attachment_size);

/** Runs `each` on records 1 to `size` of a read-only ledger, in order. Returns the last result of `each`. */
int ledger_each_record(Ledger *ledger, uint64_t size, LedgerEach each, void *userdata) _must_check_;

/** Gets what opens a record's commitment: SHA-256 of salt and data, one after the other. Borrowed. */
typedef int (*LedgerOpening)(void *userdata, DigestPart salt, DigestPart data);

/** Runs `take` on what is kept beside record `seq` of a read-only ledger. -ENOENT: nothing, or it was erased.
 */
int ledger_opening_now(Ledger *ledger, uint64_t seq, LedgerOpening take, void *userdata) _must_check_;

/**
 * Lifts the findings of a verification (`ledger.db.damaged`), after the caller has verified all `records` of
 * the ledger and found it sound. The station records this when it next opens the ledger. Also works while an
 * inert station runs. -ENOENT: there are no findings; -EPERM: the badge is not an administrator's, or the PIN
 * is wrong.
 */
int ledger_clear_damage(
	const char *path, const char *badge, const char *pin, uint64_t records, Error *error) _must_check_;
