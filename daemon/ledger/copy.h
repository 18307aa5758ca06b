/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Copies of a ledger's file: backups, restoring one, sealed archives, and what an export is made of. All of
 * it blocks on the disk and needs no daemon; a backup and an archive can be made while one writes. `error`
 * gets a sentence.
 */

#include "ledger/ledger.h"
#include "util/digest.h"

/**
 * Copies the ledger as it is at this moment to a new file, which appears only once it is whole and on the
 * disk. -EEXIST: there is a file of that name.
 */
int ledger_backup(const char *path, const char *backup, char error[LEDGER_TEXT_MAX]) _must_check_;

typedef struct LedgerArchive {
	uint64_t size;               /* records 1 to `size`, which a checkpoint covers */
	char sha256[DIGEST_HEX_MAX]; /* of the file */
} LedgerArchive;

/**
 * The same of the records before `utc_us` only, as a ledger of its own that ends with a checkpoint and can be
 * read only. -ENODATA: no checkpoint is as old.
 */
int ledger_archive(const char *path, const char *archive, int64_t utc_us, LedgerArchive *ret,
	char error[LEDGER_TEXT_MAX]) _must_check_;

typedef struct LedgerRestored {
	uint64_t size;    /* records of the backup */
	uint64_t known;   /* of the newest checkpoint that the station is known to have made */
	uint64_t lacking; /* known - size, or 0 */
	char aside[512];  /* where the ledger that was there went; "" there was none */
} LedgerRestored;

/**
 * Puts a backup, which the caller has verified, in place of the ledger, which is moved aside as evidence. The
 * station records at its next start what is lacking. -EWOULDBLOCK: a daemon holds the ledger; -EUCLEAN: the
 * backup is not of this station's history.
 */
int ledger_restore(
	const char *path, const char *backup, LedgerRestored *ret, char error[LEDGER_TEXT_MAX]) _must_check_;

/** A record's stored bytes, and its attachment unless it is strokes; NULL: none. Non-zero ends it. */
typedef int (*LedgerEach)(void *userdata, uint64_t seq, const char *leaf, size_t size, const void *attachment,
	size_t attachment_size);

/** Runs `each` on the records 1 to `size` of a read-only ledger, in order. Returns what it returned. */
int ledger_each_record(Ledger *ledger, uint64_t size, LedgerEach each, void *userdata) _must_check_;
