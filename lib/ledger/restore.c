/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Puts a backup in the ledger's place. The old ledger is moved aside as evidence; if that fails, nothing is
 * changed. Nothing is overwritten.
 */

#include "ledger/beside.h"
#include "ledger/cosigned.h"
#include "ledger/copy-part.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>

#include "util/file.h"

enum {
	NOTE_FILE_MAX = 64 * 1024,
	ASIDE_MAX = 1000, /* how many names beside the ledger are tried */
};

/** Opens the lock; a new file is given to the daemon's user, because the daemon must open it too. */
static int open_lock(const char *name, int *ret_fd)
{
	_cleanup_(closep) int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
	int r;

	if (fd < 0 && errno == EEXIST) {
		*ret_fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
		return *ret_fd < 0 ? -errno : 0;
	}
	if (fd < 0)
		return -errno;
	r = beside_give_fd(fd, name);
	if (r < 0)
		return r;
	*ret_fd = TAKE_FD(fd);
	return 0;
}

static int hold(const char *path, int *ret_fd, Error *error)
{
	_cleanup_(freep) char *name = NULL;
	_cleanup_(closep) int fd = -1;
	int r;

	if (asprintf(&name, "%s.lock", path) < 0)
		return -ENOMEM;
	r = open_lock(name, &fd);
	if (r < 0)
		return copy_explain_write(error, r, name);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return error_set(error, -errno, "a daemon holds the ledger %.120s: stop it first", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/** The checkpoint kept beside the ledger tells how many records the station is known to have made. */
static int read_known(const char *path, LedgerRestored *restored, char **ret_note)
{
	_cleanup_(freep) char *note = NULL;
	Checkpoint checkpoint;
	size_t size, text;
	int r = beside_read(path, CHECKPOINT_SUFFIX, NOTE_FILE_MAX, &note, &size);

	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (note_read(note, size, &text, NULL) < 0 || checkpoint_parse(note, text, &checkpoint, NULL) < 0)
		return 0;
	restored->known = checkpoint.size;
	memcpy(restored->previous, checkpoint.origin, sizeof restored->previous);
	*ret_note = TAKE_PTR(note);
	return 0;
}

static const char *const file_suffixes[] = { "", "-wal", "-shm", ".checkpoint", COSIGNED_SUFFIX, ".damaged" };

/** Moves all existing files of a ledger, never over others. */
static int move_files(const char *from, const char *to)
{
	for (size_t i = 0; i < ELEMENTS(file_suffixes); i++) {
		_cleanup_(freep) char *old = NULL, *new = NULL;
		int r;

		if (asprintf(&old, "%s%s", from, file_suffixes[i]) < 0 ||
			asprintf(&new, "%s%s", to, file_suffixes[i]) < 0)
			return -ENOMEM;
		if (access(old, F_OK) < 0 && errno == ENOENT)
			continue;
		r = copy_give_name(old, new);
		if (r < 0)
			return r;
		/* it has a second name where the file system cannot rename without overwriting */
		(void)unlink(old);
	}
	return 0;
}

static bool is_taken(const char *path)
{
	for (size_t i = 0; i < ELEMENTS(file_suffixes); i++) {
		_cleanup_(freep) char *name = NULL;

		if (asprintf(&name, "%s%s", path, file_suffixes[i]) < 0 || access(name, F_OK) == 0)
			return true;
	}
	return false;
}

/**
 * Chooses a name beside the ledger. A restore never overwrites a file that an earlier restore moved aside in
 * the same second.
 */
static int name_aside(const char *path, LedgerRestored *restored)
{
	char utc[CLOCK_UTC_TEXT_MAX], number[16] = "";

	clock_format_utc((int64_t)time(NULL) * USEC_PER_SEC, utc);
	utc[19] = '\0'; /* without the fraction */
	for (unsigned n = 2; n < ASIDE_MAX; n++) {
		snprintf(restored->aside, sizeof restored->aside, "%.400s.before-%s%s", path, utc, number);
		if (!is_taken(restored->aside))
			return 0;
		snprintf(number, sizeof number, ".%u", n);
	}
	return -EEXIST;
}

/** Moves the ledger aside and the copy into its place, or changes nothing. */
static int take_ledgers_place(const char *part, const char *path, LedgerRestored *restored)
{
	bool there = access(path, F_OK) == 0;
	int r = name_aside(path, restored);

	if (r < 0)
		return r;
	r = move_files(path, restored->aside);
	if (r < 0 || rename(part, path) < 0) {
		r = r < 0 ? r : -errno;
		(void)!move_files(restored->aside, path);
		return r;
	}
	if (!there)
		restored->aside[0] = '\0';
	return copy_sync_folder(path);
}

/** Leaves a note beside the ledger, which the station records when it starts. */
static int leave_restored_word(const char *path, const LedgerRestored *restored, const char *note)
{
	_cleanup_(freep) char *text = NULL;
	bool epoch = restored->origin[0] != '\0';
	json_auto_t *body = json_pack("{s:I, s:I, s:s*, s:s*, s:s*}", "size", (json_int_t)restored->size,
		"lacking", (json_int_t)restored->lacking, "checkpoint", note, "origin",
		epoch ? restored->origin : NULL, "previous_origin", epoch ? restored->previous : NULL);

	text = body ? json_dumps(body, LEDGER_JSON) : NULL;
	return text ? file_write_beside(path, RESTORED_SUFFIX, text, strlen(text)) : -ENOMEM;
}

/**
 * Gives the restored log a new origin. Others may keep later checkpoints under the old origin, and the tree
 * that grows from here does not continue those.
 */
static int begin_epoch(sqlite3 *db, LedgerRestored *restored)
{
	_cleanup_(freep) char *key =
		copy_select_text(db, "SELECT key FROM signing_key ORDER BY seq DESC LIMIT 1");
	NoteVerifier verifier;
	int r;

	if (!key || note_verifier_parse(key, &verifier, NULL) < 0)
		return 0;
	r = checkpoint_next_epoch(
		verifier.name, restored->previous[0] ? restored->previous : NULL, restored->origin);
	if (r < 0)
		return r;
	if (!restored->previous[0])
		memcpy(restored->previous, verifier.name, sizeof restored->previous);
	return 0;
}

static int put_in_place(
	const LedgerCopy *copy, Reader *from, LedgerRestored *restored, const char *note, Error *error)
{
	_cleanup_(copy_part_removep) char *part = NULL;
	int r = copy_make_part(copy, from, NULL, NULL, &part, error);

	if (r < 0)
		return r;
	r = beside_give(part, "");
	/* before the ledger moves, so that a full disk cannot leave a restore unrecorded */
	r = r < 0 ? r : leave_restored_word(copy->name, restored, note);
	if (r < 0)
		return copy_explain_write(error, r, copy->name);
	r = beside_give(copy->name, RESTORED_SUFFIX);
	r = r < 0 ? r : copy_was_left(copy) ? -ECANCELED : take_ledgers_place(part, copy->name, restored);
	if (r == 0)
		return 0;
	if (access(part, F_OK) < 0)
		return error_set(error, r,
			"the backup took the place of %.200s, and the disk cannot be told to keep that (%s): check the disk",
			copy->name, strerror(-r));
	beside_remove(copy->name, RESTORED_SUFFIX);
	return copy_explain_write(error, r, copy->name);
}

int ledger_restore(const LedgerCopy *copy, LedgerRestored *ret, Error *error)
{
	_cleanup_(reader_freep) Reader *from = NULL;
	_cleanup_(closep) int lock = -1;
	_cleanup_(freep) char *note = NULL;
	LedgerRestored restored = { 0 };
	int r = hold(copy->name, &lock, error);

	if (r < 0)
		return r;
	r = read_known(copy->name, &restored, &note);
	if (r < 0)
		return copy_explain(error, r, "and the checkpoint beside it could not be read", copy->name);
	r = copy_open_source(copy, true, &from, error);
	if (r < 0)
		return r;
	restored.size = (uint64_t)statement_number(from->db, "SELECT max(seq) FROM record", 0);
	if (restored.known > restored.size)
		restored.lacking = restored.known - restored.size;
	r = begin_epoch(from->db, &restored);
	if (r < 0)
		return copy_explain(error, r, "has an origin that is too long for another epoch", copy->name);
	r = put_in_place(copy, from, &restored, note, error);
	if (r < 0)
		return r;
	*ret = restored;
	return 0;
}
