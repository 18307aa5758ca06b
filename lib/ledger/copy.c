/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Copies of a ledger: backups, archives, restoring one, and the rows of an export. It must not write the
 * ledger that it copies, write over a ledger or a copy that is there, or leave a copy that is not whole under
 * its name.
 */

#include "ledger/copy.h"
#include "ledger/reader.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "util/file.h"

enum {
	PAGES_A_STEP = 1024,
	NOTE_FILE_MAX = 64 * 1024,
	INSTRUCTIONS_A_LOOK = 100000,
	ASIDE_MAX = 1000,      /* names beside the ledger that are tried */
	BESIDE_BYTES = 1 << 20 /* what SQLite keeps beside a file meanwhile */
};

static int explain(Error *error, int r, const char *what, const char *path)
{
	return error_set(error, r, "%.140s %s: %s", path, what, strerror(-r));
}

/** Why `path` was not written, and what to do. */
static int explain_write(Error *error, int r, const char *path)
{
	static const struct {
		int error;
		const char *text;
	} causes[] = {
		{ EEXIST, "is there already, give another name" },
		{ ENOENT, "cannot be made: make its folder first" },
		{ EACCES, "may not be written by you: give a folder of your own, or use sudo" },
		{ EPERM, "may not be written by you: give a folder of your own, or use sudo" },
		{ EROFS, "cannot be made, the disk is read-only: give a folder on another one" },
		{ ENOSPC, "was not written, the disk is full: make room, or give a folder on another one" },
		{ EDQUOT, "was not written, your share of the disk is full: make room" },
		{ EFBIG, "was not written, no file may be as large: see ulimit -f, or use another disk" },
		{ EUCLEAN, "was not written, the ledger is damaged: `stipplectl audit verify` says where" },
		{ ECANCELED, "was not written: it was interrupted" },
	};

	for (size_t i = 0; i < ELEMENTS(causes); i++)
		if (causes[i].error == -r)
			return error_set(error, r, "%.140s %s", path, causes[i].text);
	return explain(error, r, "was not written", path);
}

/* ---- a copy that is whole or not there ---- */

static int sync_path(const char *path, int flags)
{
	_cleanup_(closep) int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int sync_folder_of(const char *path)
{
	_cleanup_(freep) char *folder = file_folder(path);

	return folder ? sync_path(folder, O_RDONLY | O_DIRECTORY) : -ENOMEM;
}

static bool was_left(const LedgerCopy *copy)
{
	return copy->leave && atomic_load(copy->leave);
}

/** Of SQLite, while a statement runs: not 0 ends it. */
static int on_instructions(void *userdata)
{
	return was_left(userdata);
}

static void tell(const LedgerCopy *copy, const char *doing, uint64_t done, uint64_t total)
{
	if (copy->progress)
		copy->progress(copy->userdata, doing, done, total);
}

/** In the one snapshot of the reader, so that a daemon that writes meanwhile does not make it begin anew. */
static int copy_pages(const LedgerCopy *copy, sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *backup;
	int r;

	backup = sqlite3_backup_init(to, "main", from, "main");
	if (!backup)
		return ledger_errno(sqlite3_errcode(to));
	do {
		r = sqlite3_backup_step(backup, PAGES_A_STEP);
		tell(copy, "copying",
			(uint64_t)(sqlite3_backup_pagecount(backup) - sqlite3_backup_remaining(backup)),
			(uint64_t)sqlite3_backup_pagecount(backup));
	} while (r == SQLITE_OK && !was_left(copy));
	r = sqlite3_backup_finish(backup);
	if (r != SQLITE_OK)
		return ledger_errno(r);
	/* not WAL: a lone file, without one beside it */
	r = sqlite3_exec(to, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
	return ledger_errno(r);
}

static int create_private(const char *path)
{
	_cleanup_(closep) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd < 0 ? -errno : 0;
}

/** Deletes a copy that did not get its name, and what SQLite kept beside it. */
static void part_remove(char *part)
{
	static const char *const suffixes[] = { "", "-journal", "-wal", "-shm" };

	for (size_t i = 0; i < ELEMENTS(suffixes); i++) {
		_cleanup_(freep) char *path = NULL;

		if (asprintf(&path, "%s%s", part, suffixes[i]) >= 0)
			(void)unlink(path);
	}
	free(part);
}
DEFINE_CLEANUP(char *, part_remove, part_removep);

/** What an archive does to the pages copied. */
typedef int (*LedgerChange)(void *userdata, sqlite3 *db);

static int64_t number_of(sqlite3 *db, const char *sql, int64_t argument)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *select = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &select, NULL) != SQLITE_OK)
		return 0;
	sqlite3_bind_int64(select, 1, argument);
	return sqlite3_step(select) == SQLITE_ROW ? column_integer(select, 0) : 0;
}

/** SQLite tells a full disk only from other trouble: whether the file may not be as large. */
static int why_not_more(sqlite3 *from, const char *part)
{
	_cleanup_(closep) int fd = open(part, O_WRONLY | O_CLOEXEC);
	int64_t bytes = number_of(
		from, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size WHERE ?", 1);

	if (fd < 0 || bytes <= 0 || fallocate(fd, 0, 0, bytes + BESIDE_BYTES) == 0)
		return -EIO;
	return errno == EFBIG || errno == EDQUOT || errno == ENOSPC ? -errno : -EIO;
}

static int write_part(
	const LedgerCopy *copy, sqlite3 *from, const char *part, LedgerChange change, void *userdata)
{
	sqlite3 *to = NULL;
	int r = ledger_errno(sqlite3_open_v2(part, &to, SQLITE_OPEN_READWRITE, NULL));

	if (r == 0)
		r = ledger_errno(schema_harden(to));
	/* the schema was compared with ours: some triggers fill tables that an archive makes anew */
	if (r == 0)
		r = ledger_errno(sqlite3_db_config(to, SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, NULL));
	if (r == 0) {
		sqlite3_progress_handler(to, INSTRUCTIONS_A_LOOK, on_instructions, (void *)copy);
		r = copy_pages(copy, from, to);
	}
	if (r == 0 && change && !was_left(copy)) {
		tell(copy, "leaving out what is newer", 0, 0);
		r = change(userdata, to);
	}
	sqlite3_close(to);
	if (was_left(copy))
		return -ECANCELED;
	if (r == -EIO)
		return why_not_more(from, part);
	return r < 0 ? r : sync_path(part, O_RDONLY);
}

static int open_source(const LedgerCopy *copy, bool older, Reader **ret, Error *error)
{
	const ReaderOptions options = { .older = older, .leave = copy->leave };

	return reader_open(copy->path, &options, ret, error);
}

/** Copies the reader's snapshot to NAME.part and lets `change` work on that. */
static int make_part(
	const LedgerCopy *copy, Reader *from, LedgerChange change, void *userdata, char **ret, Error *error)
{
	_cleanup_(part_removep) char *part = NULL;
	_cleanup_(freep) char *name = NULL;
	int r;

	if (asprintf(&name, "%s.part", copy->name) < 0)
		return explain_write(error, -ENOMEM, copy->name);
	r = create_private(name);
	if (r == -EEXIST)
		return error_set(error, r,
			"%.140s is there already: if no other copy is under way, one was cut off; then delete it",
			name);
	if (r < 0)
		return explain_write(error, r, copy->name);
	part = TAKE_PTR(name);
	r = write_part(copy, from->db, part, change, userdata);
	if (r < 0)
		return explain_write(error, r, copy->name);
	*ret = TAKE_PTR(part);
	return 0;
}

static int refuse_existing(const LedgerCopy *copy, Error *error)
{
	struct stat status;

	return lstat(copy->name, &status) == 0 ? explain_write(error, -EEXIST, copy->name) : 0;
}

/** Never over a file that is there; where a file system cannot say so of a renaming, it has links. */
static int give_name(const char *part, const char *name)
{
	if (renameat2(AT_FDCWD, part, AT_FDCWD, name, RENAME_NOREPLACE) == 0)
		return 0;
	/* a copy to be finished has a name: refuse_existing() has looked at it */
	// NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker)
	return errno == EINVAL && link(part, name) == 0 ? 0 : -errno;
}

static int finish(const LedgerCopy *copy, const char *part, Error *error)
{
	int r = copy->look ? copy->look(copy->userdata, part) : 0;

	if (r < 0) {
		*error = (Error){ 0 };
		return r;
	}
	r = was_left(copy) ? -ECANCELED : give_name(part, copy->name);
	if (r == 0)
		r = sync_folder_of(copy->name);
	return r < 0 ? explain_write(error, r, copy->name) : 0;
}

int ledger_backup(const LedgerCopy *copy, Error *error)
{
	_cleanup_(part_removep) char *part = NULL;
	_cleanup_(reader_freep) Reader *from = NULL;
	int r = refuse_existing(copy, error);

	if (r < 0)
		return r;
	r = open_source(copy, true, &from, error);
	if (r < 0)
		return r;
	r = make_part(copy, from, NULL, NULL, &part, error);
	return r < 0 ? r : finish(copy, part, error);
}

/* ---- archives ---- */

typedef struct Cut {
	uint64_t size;
	int64_t utc_us;
} Cut;

static char *text_of(sqlite3 *db, const char *sql)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *select = NULL;
	const char *text = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &select, NULL) == SQLITE_OK && sqlite3_step(select) == SQLITE_ROW)
		text = column_text(select, 0);
	return text ? strdup(text) : NULL;
}

#define OF_TRIGGERS(what) "SELECT group_concat(" what ", ';') FROM sqlite_master WHERE type = 'trigger'"

/** Drops what makes the tables append-only; the result puts it back. NULL on failure. */
static char *drop_triggers(sqlite3 *db)
{
	_cleanup_(freep) char *made = text_of(db, OF_TRIGGERS("sql"));
	_cleanup_(freep) char *drop = text_of(db, OF_TRIGGERS("'DROP TRIGGER ' || name"));

	if (!made || !drop || sqlite3_exec(db, drop, NULL, NULL, NULL) != SQLITE_OK)
		return NULL;
	return TAKE_PTR(made);
}

static int cut_after(void *userdata, sqlite3 *db)
{
	Cut *cut = userdata;
	_cleanup_(freep) char *sql = NULL, *kept = NULL;
	int r;

	/* all up to there are older, also where the clock was set back */
	cut->size = (uint64_t)number_of(db,
		"SELECT coalesce(max(size), 0) FROM checkpoint WHERE size < (SELECT coalesce(min(seq), 9e18) FROM record"
		" WHERE utc_us >= ?)",
		cut->utc_us);
	if (cut->size == 0)
		return -ENODATA;
	kept = drop_triggers(db);
	if (!kept)
		return -ENOMEM;
	if (asprintf(&sql,
		    "BEGIN; DELETE FROM record WHERE seq > %llu; DELETE FROM checkpoint WHERE size > %llu;"
		    "DELETE FROM personal WHERE seq > %llu; DELETE FROM attachment WHERE seq > %llu;"
		    "DELETE FROM tree_node WHERE (number + 1) << level > %llu;"
		    /* the marks and cursors are those of what is left */
		    "UPDATE meta SET value = min(value, (SELECT max(utc_us) FROM record)) WHERE name = 'newest_utc_us';"
		    "UPDATE meta SET value = min(value, %llu) WHERE name IN ('published', 'checkpoint_published');"
		    "COMMIT;",
		    (unsigned long long)cut->size, (unsigned long long)cut->size,
		    (unsigned long long)cut->size, (unsigned long long)cut->size,
		    (unsigned long long)cut->size, (unsigned long long)cut->size) < 0)
		return -ENOMEM;
	r = ledger_errno(sqlite3_exec(db, sql, NULL, NULL, NULL));
	if (r < 0)
		return r;
	/* some triggers fill tables: they belong to the rebuild */
	r = ledger_errno(sqlite3_exec(db, kept, NULL, NULL, NULL));
	if (r < 0)
		return r;
	r = projection_rebuild(db);
	return r < 0 ? r : ledger_errno(sqlite3_exec(db, "VACUUM", NULL, NULL, NULL));
}

static int hash_file(const char *path, char ret[DIGEST_HEX_MAX])
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat status;
	void *data;
	int r;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -errno;
	/* larger than memory may be */
	data = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return -errno;
	r = digest_hex(data, (size_t)status.st_size, ret);
	(void)munmap(data, (size_t)status.st_size);
	return r;
}

int ledger_archive(const LedgerCopy *copy, int64_t utc_us, LedgerArchive *ret, Error *error)
{
	_cleanup_(part_removep) char *part = NULL;
	_cleanup_(reader_freep) Reader *from = NULL;
	Cut cut = { .utc_us = utc_us };
	LedgerArchive made = { 0 };
	int r = refuse_existing(copy, error);

	/* it changes the tables too, which are to be this version's */
	if (r == 0)
		r = open_source(copy, false, &from, error);
	if (r == 0)
		r = make_part(copy, from, cut_after, &cut, &part, error);
	if (r == -ENODATA)
		r = error_set(error, r, "no checkpoint is older than that day: there is nothing to archive");
	if (r < 0 || !part)
		return r;
	if (chmod(part, 0400) < 0)
		return explain(error, -errno, "could not be sealed", copy->name);
	r = hash_file(part, made.sha256);
	if (r < 0)
		return explain(error, r, "could not be read", copy->name);
	made.size = cut.size;
	r = finish(copy, part, error);
	if (r < 0)
		return r;
	*ret = made;
	return 0;
}

/* ---- restoring ---- */

/** The daemon's user owns its folder, and so what is put there. */
static int give_to_owner(int fd, const struct stat *folder)
{
	if (geteuid() == 0 && fchown(fd, folder->st_uid, folder->st_gid) < 0)
		return -errno;
	return fchmod(fd, 0640) < 0 ? -errno : 0;
}

/** Of a file that nobody has open. What its folder's owner put there instead is not given away. */
static int give_file_to_owner(const char *path, const struct stat *folder)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	return fd < 0 ? -errno : give_to_owner(fd, folder);
}

static int folder_status(const char *path, struct stat *ret)
{
	_cleanup_(freep) char *folder = file_folder(path);

	if (!folder)
		return -ENOMEM;
	return stat(folder, ret) < 0 ? -errno : 0;
}

/** One that is made here is the daemon's, which is to open it too. */
static int open_lock(const char *name, int *ret_fd)
{
	_cleanup_(closep) int fd = open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0640);
	struct stat folder;
	int r = 0;

	if (fd >= 0) {
		r = folder_status(name, &folder);
		if (r == 0)
			r = give_to_owner(fd, &folder);
	} else if (errno == EEXIST) {
		fd = open(name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
	}
	if (fd < 0)
		return -errno;
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
		return explain_write(error, r, name);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return error_set(error, -errno, "a daemon holds the ledger %.120s: stop it first", path);
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/** The checkpoint kept beside the ledger says how far the station is known to have come. */
static int read_known(const char *path, LedgerRestored *restored, char **ret_note)
{
	_cleanup_(freep) char *name = NULL, *note = NULL;
	Checkpoint checkpoint;
	size_t size, text;
	int r;

	if (asprintf(&name, "%s.checkpoint", path) < 0)
		return -ENOMEM;
	r = file_read(name, NOTE_FILE_MAX, &note, &size);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (note_read(note, size, &text, NULL) < 0 || checkpoint_parse(note, text, &checkpoint, NULL) < 0)
		return 0;
	restored->known = checkpoint.size;
	memcpy(restored->previous, checkpoint.origin, sizeof restored->previous);
	*ret_note = TAKE_PTR(note);
	return 0;
}

static const char *const file_suffixes[] = { "", "-wal", "-shm", ".checkpoint", ".damaged" };

/** All files of a ledger that are there; never over others. */
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
		r = give_name(old, new);
		if (r < 0)
			return r;
		/* it had a second name where the file system cannot say "never over others" */
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

/** A name beside the ledger; what a restoring before moved aside in this second, by this clock, keeps its
 * own. */
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

/** The copy takes the ledger's place, which moves aside, or nothing is changed. */
static int take_place(const char *part, const char *path, LedgerRestored *restored)
{
	bool there = access(path, F_OK) == 0;
	int r = name_aside(path, restored);

	if (r < 0)
		return r;
	r = move_files(path, restored->aside);
	if (r == 0 && rename(part, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)!move_files(restored->aside, path);
		return r;
	}
	if (!there)
		restored->aside[0] = '\0';
	return sync_folder_of(path);
}

/** To be recorded by the station when it starts. */
static int leave_word(const char *path, const LedgerRestored *restored, const char *note)
{
	_cleanup_(freep) char *text = NULL;
	bool epoch = restored->origin[0] != '\0';
	json_auto_t *body = json_pack("{s:I, s:I, s:s*, s:s*, s:s*}", "size", (json_int_t)restored->size,
		"lacking", (json_int_t)restored->lacking, "checkpoint", note, "origin",
		epoch ? restored->origin : NULL, "previous_origin", epoch ? restored->previous : NULL);

	text = body ? json_dumps(body, LEDGER_JSON) : NULL;
	return text ? file_write_beside(path, ".restored", text, strlen(text)) : -ENOMEM;
}

/**
 * What the backup's log goes on as: not under the origin whose later checkpoints others may keep, since the
 * tree that grows from here does not continue them.
 */
static int begin_epoch(sqlite3 *db, LedgerRestored *restored)
{
	_cleanup_(freep) char *key = text_of(db, "SELECT key FROM signing_key ORDER BY seq DESC LIMIT 1");
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
	_cleanup_(part_removep) char *part = NULL;
	_cleanup_(freep) char *word = NULL;
	struct stat folder;
	int r = make_part(copy, from, NULL, NULL, &part, error);

	if (r < 0 || !part)
		return r;
	if (asprintf(&word, "%s.restored", copy->name) < 0)
		return explain_write(error, -ENOMEM, copy->name);
	r = folder_status(copy->name, &folder);
	if (r == 0)
		r = give_file_to_owner(part, &folder);
	/* before the ledger moves: no restoring stays unrecorded because the disk was full */
	if (r == 0)
		r = leave_word(copy->name, restored, note);
	if (r < 0)
		return explain_write(error, r, copy->name);
	r = give_file_to_owner(word, &folder);
	if (r == 0)
		r = was_left(copy) ? -ECANCELED : take_place(part, copy->name, restored);
	if (r == 0)
		return 0;
	(void)unlink(word);
	return explain_write(error, r, copy->name);
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
		return explain(error, r, "and the checkpoint beside it could not be read", copy->name);
	r = open_source(copy, true, &from, error);
	if (r < 0)
		return r;
	restored.size = (uint64_t)number_of(from->db, "SELECT coalesce(max(seq), 0) FROM record WHERE ?", 1);
	if (restored.known > restored.size)
		restored.lacking = restored.known - restored.size;
	r = begin_epoch(from->db, &restored);
	if (r < 0)
		return explain(error, r, "has an origin that is too long for another epoch", copy->name);
	r = put_in_place(copy, from, &restored, note, error);
	if (r < 0)
		return r;
	*ret = restored;
	return 0;
}

/* ---- what an export is made of ---- */

void ledger_leave_out_personal(Ledger *ledger)
{
	ledger->impersonal = true;
}

int ledger_each_record(Ledger *ledger, uint64_t size, LedgerEach each, void *userdata)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL;
	DigestPart leaf, attachment;
	int result, r;

	if (!ledger->read_only)
		return -EBUSY;
	r = ledger_errno(sqlite3_prepare_v2(ledger->db,
		"SELECT seq, leaf, CASE WHEN kind <> 'strokes' THEN data END FROM record LEFT JOIN attachment USING(seq)"
		" WHERE seq <= ? ORDER BY seq",
		-1, &rows, NULL));
	if (r == 0)
		sqlite3_bind_int64(rows, 1, (int64_t)size);
	while (r == 0 && (result = sqlite3_step(rows)) != SQLITE_DONE) {
		if (result != SQLITE_ROW)
			return ledger_errno(result);
		leaf = column_bytes(rows, 1);
		attachment = column_bytes(rows, 2);
		if (!leaf.data)
			return -EUCLEAN;
		r = each(userdata, (uint64_t)column_integer(rows, 0), leaf.data, leaf.size, attachment.data,
			attachment.size);
	}
	return r;
}
