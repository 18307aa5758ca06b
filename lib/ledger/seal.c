/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Checkpoints: checking them at the start, signing one when it is due, and storing it in the file and beside
 * it. A checkpoint must not count before its group is committed. A ledger that contradicts a checkpoint must
 * not be opened.
 */

#include "ledger/tree.h"

#include <string.h>

#include "util/file.h"
#include "util/log.h"

enum { CHECKPOINT_FILE_MAX = 64 * 1024 };

#define KEEP_AND_RESTORE ": keep the file as evidence and bring back a backup"

/* ---- at the start ---- */

/** Checks that the tree had this root at the checkpoint's size. */
static int compare_root(
	TreeReader *reader, const Checkpoint *checkpoint, uint64_t size, const char *which, Error *error)
{
	MerkleHash root;
	int r;

	if (checkpoint->size > size)
		return error_set(error, -EUCLEAN,
			"the ledger has %llu records, but %s was made at %llu" KEEP_AND_RESTORE,
			(unsigned long long)size, which, (unsigned long long)checkpoint->size);
	r = tree_root(reader, checkpoint->size, &root);
	if (r == -EUCLEAN)
		return error_set(error, -EUCLEAN, "the ledger lacks %s" KEEP_AND_RESTORE, reader->missing);
	if (r < 0)
		return r;
	if (!merkle_hash_equal(&root, &checkpoint->root))
		return error_set(error, -EUCLEAN,
			"among its first %llu records the ledger is not what %s says" KEEP_AND_RESTORE,
			(unsigned long long)checkpoint->size, which);
	return 0;
}

/** Reads a checkpoint, which must be signed by the key if there is one. */
static int open_checkpoint(const Ledger *ledger, const char *note, size_t size, Checkpoint *ret)
{
	size_t text;
	int r;

	if (ledger->sealer.signer)
		return checkpoint_open(
			note, size, note_signer_verifier(ledger->sealer.signer), 1, NULL, ret, NULL, NULL);
	r = note_read(note, size, &text, NULL);
	return r < 0 ? r : checkpoint_parse(note, text, ret, NULL);
}

/** Reads a checkpoint of a replaced or lost key: what it says about the tree must still be true. */
static int read_unverified(const char *note, size_t size, Checkpoint *ret)
{
	size_t text;
	int r = note_read(note, size, &text, NULL);

	return r < 0 ? r : checkpoint_parse(note, text, ret, NULL);
}

static int check_newest_checkpoint(Ledger *ledger, TreeReader *reader, LedgerInfo *info, Error *error)
{
	_cleanup_(statement_donep) sqlite3_stmt *select = NULL;
	Checkpoint checkpoint;
	const char *note;
	int r = statement_row(&ledger->statements,
		"SELECT size, note FROM checkpoint ORDER BY size DESC LIMIT 1", 0, &select);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	info->checkpoint = (uint64_t)column_integer(select, 0);
	note = column_string(select, 1);
	r = open_checkpoint(ledger, note, strlen(note), &checkpoint);
	/* the key was replaced since: only a full verification knows older keys */
	if (r == -ENOKEY)
		return 0;
	if (r < 0 || checkpoint.size != info->checkpoint)
		return error_set(error, -EUCLEAN,
			"the newest checkpoint in the ledger, at %llu records, is broken" KEEP_AND_RESTORE,
			(unsigned long long)info->checkpoint);
	return compare_root(reader, &checkpoint, ledger->seq, "its newest checkpoint", error);
}

/**
 * Checks the checkpoint beside the file: an older copy of the ledger is sound in itself, but contradicts
 * this.
 */
static int check_saved(Ledger *ledger, TreeReader *reader, const LedgerInfo *info, Error *error)
{
	_cleanup_(freep) char *path = NULL, *note = NULL;
	Checkpoint checkpoint;
	size_t size;
	int r;

	if (asprintf(&path, "%s" CHECKPOINT_SUFFIX, ledger->path) < 0)
		return -ENOMEM;
	r = file_read(path, CHECKPOINT_FILE_MAX, &note, &size);
	if (r == -ENOENT) {
		/* after a restore it starts again */
		if (ledger->sealer.signer && info->checkpoint > 0)
			log_warning(
				"%s is not there: that the ledger is no older copy cannot be told from it",
				path);
		return 0;
	}
	if (r < 0)
		return r;
	if (open_checkpoint(ledger, note, size, &checkpoint) < 0 &&
		read_unverified(note, size, &checkpoint) < 0) {
		log_warning(
			"%s is no checkpoint: that the ledger is no older copy cannot be told from it", path);
		return 0;
	}
	ledger->sealer.saved = checkpoint.size;
	return compare_root(reader, &checkpoint, ledger->seq, "the checkpoint kept beside it", error);
}

/** Checks the newest records against their hashes: one leaf block at most, whatever the ledger's size. */
static int check_tail(Ledger *ledger, Error *error)
{
	_cleanup_(statement_donep) sqlite3_stmt *select = NULL;
	MerkleHash hash;
	DigestPart leaf;
	int result, r = statement_get(&ledger->statements,
			    "SELECT seq, leaf, hash FROM record ORDER BY seq DESC LIMIT 256", &select);

	if (r != SQLITE_OK)
		return ledger_errno(r);
	while ((result = sqlite3_step(select)) == SQLITE_ROW) {
		leaf = column_bytes(select, 1);
		merkle_hash_leaf(leaf.data, leaf.size, &hash);
		if (!leaf.data || !column_is_digest(select, 2, hash.bytes))
			return error_set(error, -EUCLEAN,
				"record %lld of the ledger does not match its hash" KEEP_AND_RESTORE,
				(long long)column_integer(select, 0));
	}
	return ledger_errno(result);
}

int seal_open(Ledger *ledger, LedgerInfo *info, Error *error)
{
	TreeReader reader = { .statements = &ledger->statements };
	int r = check_tail(ledger, error);

	if (r < 0)
		return r;
	r = check_newest_checkpoint(ledger, &reader, info, error);
	if (r < 0)
		return r;
	r = check_saved(ledger, &reader, info, error);
	if (r < 0)
		return r;
	r = tree_load(&reader, ledger->seq, &ledger->tree);
	if (r == -EUCLEAN)
		return error_set(error, -EUCLEAN, "the ledger lacks %s" KEEP_AND_RESTORE, reader.missing);
	if (r < 0)
		return r;
	ledger->sealer.size = info->checkpoint;
	ledger->sealer.due_us = INT64_MAX;
	if (ledger->sealer.signer && ledger->seq > info->checkpoint)
		ledger->sealer.due_us = clock_read(ledger->clock).monotonic_us + ledger->sealer.patience_us;
	atomic_store(&ledger->sealed, info->checkpoint);
	return 0;
}

/* ---- with each group ---- */

static int sign_checkpoint(Ledger *ledger, char **ret)
{
	const NoteSigner *signer = ledger->sealer.signer;
	_cleanup_(freep) char *note = NULL;
	Checkpoint checkpoint = { .size = ledger->tree.size };
	int r;

	merkle_tree_root(&ledger->tree, &checkpoint.root);
	snprintf(checkpoint.origin, sizeof checkpoint.origin, "%s", note_signer_verifier(signer)->name);
	r = checkpoint_sign(&checkpoint, signer, &note);
	if (r < 0)
		return r;
	/* whoever knows only one of the two keys finds its signature here */
	if (ledger->sealer.next)
		return note_sign_again(ledger->sealer.next, note, strlen(note), ret);
	*ret = TAKE_PTR(note);
	return 0;
}

/** The checkpoint gets the time of its newest record, which anybody can compare. */
static int insert_checkpoint(Ledger *ledger, const char *note)
{
	int r = statement_execute(&ledger->statements,
		"INSERT INTO checkpoint(size, utc_us, note) SELECT seq, utc_us, ? FROM record WHERE seq = ?",
		"ti", note, (int64_t)ledger->tree.size);

	return r == -EEXIST ? -EIO : r;
}

static bool is_due(const Ledger *ledger, const ClockReading *now)
{
	const Sealer *sealer = &ledger->sealer;

	if (!sealer->signer || ledger->tree.size == sealer->size)
		return false;
	return sealer->now || ledger->tree.size - sealer->size >= sealer->records ||
	       now->monotonic_us >= sealer->due_us;
}

int seal_if_due(Ledger *ledger, const ClockReading *now)
{
	_cleanup_(freep) char *note = NULL;
	int r = 0;

	ledger->sealer.now = is_due(ledger, now); /* seal_settle() checks whether there is one */
	if (!ledger->sealer.now)
		return 0;
	r = sign_checkpoint(ledger, &note);
	return r < 0 ? r : insert_checkpoint(ledger, note);
}

void seal_settle(Ledger *ledger, const ClockReading *now)
{
	Sealer *sealer = &ledger->sealer;

	if (sealer->now) {
		sealer->now = false;
		sealer->size = ledger->tree.size;
		sealer->due_us = INT64_MAX;
		atomic_store(&ledger->sealed, sealer->size);
	} else if (sealer->signer && sealer->due_us == INT64_MAX && ledger->tree.size > sealer->size) {
		sealer->due_us = now->monotonic_us + sealer->patience_us;
	}
}

int seal_timeout(Ledger *ledger)
{
	int64_t left_us;

	if (ledger->sealer.due_us == INT64_MAX)
		return -1;
	left_us = ledger->sealer.due_us - clock_read(ledger->clock).monotonic_us;
	return left_us <= 0 ? 0 : (int)(left_us / 1000) + 1;
}

/* ---- beside the file ---- */

bool seal_unsaved(const Ledger *ledger)
{
	return ledger->sealer.size > ledger->sealer.saved;
}

int seal_save(Ledger *ledger)
{
	_cleanup_(statement_donep) sqlite3_stmt *select = NULL;
	uint64_t size = ledger->sealer.size;
	const char *note;
	int r;

	if (!seal_unsaved(ledger))
		return 0;
	r = statement_row(&ledger->statements, "SELECT note FROM checkpoint WHERE size = ?", size, &select);
	note = r == 0 ? column_text(select, 0) : NULL;
	r = note ? file_write_beside(ledger->path, CHECKPOINT_SUFFIX, note, strlen(note)) : -EIO;
	if (r < 0)
		return r;
	ledger->sealer.saved = size;
	return 0;
}
