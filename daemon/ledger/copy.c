/* SPDX-License-Identifier: Apache-2.0 */
#include "ledger/copy.h"
#include "ledger/ledger-private.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>

#include "util/file.h"

enum { PAGES_A_STEP = 1024, NOTE_FILE_MAX = 64 * 1024 };

static int explain(char error[LEDGER_TEXT_MAX], int r, const char *what, const char *path)
{
	snprintf(error, LEDGER_TEXT_MAX, "%.140s %s: %s", path, what, strerror(-r));
	return r;
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

/** In one read transaction, so that a daemon that writes meanwhile does not make it begin anew. */
static int copy_pages(sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *backup;
	int r = sqlite3_exec(from, "BEGIN; SELECT count(*) FROM sqlite_master", NULL, NULL, NULL);

	if (r != SQLITE_OK)
		return ledger_errno(r);
	backup = sqlite3_backup_init(to, "main", from, "main");
	if (!backup)
		return ledger_errno(sqlite3_errcode(to));
	do {
		r = sqlite3_backup_step(backup, PAGES_A_STEP);
	} while (r == SQLITE_OK);
	r = sqlite3_backup_finish(backup);
	/* not WAL: a lone file, without one beside it */
	if (r == SQLITE_OK)
		r = sqlite3_exec(to, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
	return ledger_errno(r);
}

static int create_private(const char *path)
{
	_cleanup_(closep) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd < 0 ? -errno : 0;
}

/** Copies to "NAME.part", lets `change` work on that, and gives it its name. */
static int copy_file(const char *path, const char *name, int (*change)(void *userdata, sqlite3 *db),
	void *userdata, char error[LEDGER_TEXT_MAX])
{
	_cleanup_(sqlite3_closep) sqlite3 *from = NULL;
	_cleanup_(freep) char *part = NULL;
	sqlite3 *to = NULL;
	int r;

	if (asprintf(&part, "%s.part", name) < 0)
		return -ENOMEM;
	if (access(name, F_OK) == 0)
		return explain(error, -EEXIST, "is there already, give another name", name);
	r = schema_open(path, true, &from, error);
	if (r < 0)
		return r;
	(void)unlink(part);
	r = create_private(part);
	if (r == 0)
		r = ledger_errno(sqlite3_open_v2(part, &to, SQLITE_OPEN_READWRITE, NULL));
	if (r == 0)
		r = copy_pages(from, to);
	if (r == 0 && change)
		r = change(userdata, to);
	sqlite3_close(to);
	if (r == 0)
		r = sync_path(part, O_RDONLY);
	if (r == 0 && link(part, name) < 0)
		r = -errno;
	(void)unlink(part);
	if (r == 0)
		r = sync_folder_of(name);
	return r < 0 ? explain(error, r, "could not be written", name) : 0;
}

int ledger_backup(const char *path, const char *backup, char error[LEDGER_TEXT_MAX])
{
	return copy_file(path, backup, NULL, NULL, error);
}

/* ---- archives ---- */

typedef struct Cut {
	uint64_t size;
	int64_t utc_us;
} Cut;

static int64_t number_of(sqlite3 *db, const char *sql, int64_t argument)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *select = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &select, NULL) != SQLITE_OK)
		return 0;
	sqlite3_bind_int64(select, 1, argument);
	return sqlite3_step(select) == SQLITE_ROW ? sqlite3_column_int64(select, 0) : 0;
}

static char *text_of(sqlite3 *db, const char *sql)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *select = NULL;
	const char *text = NULL;

	if (sqlite3_prepare_v2(db, sql, -1, &select, NULL) == SQLITE_OK && sqlite3_step(select) == SQLITE_ROW)
		text = (const char *)sqlite3_column_text(select, 0);
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
		    "DELETE FROM tree_node WHERE (number + 1) << level > %llu; COMMIT;",
		    (unsigned long long)cut->size, (unsigned long long)cut->size,
		    (unsigned long long)cut->size, (unsigned long long)cut->size,
		    (unsigned long long)cut->size) < 0)
		return -ENOMEM;
	r = ledger_errno(sqlite3_exec(db, sql, NULL, NULL, NULL));
	/* some triggers fill tables: they belong to the rebuild */
	if (r == 0)
		r = ledger_errno(sqlite3_exec(db, kept, NULL, NULL, NULL));
	if (r == 0)
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

int ledger_archive(const char *path, const char *archive, int64_t utc_us, LedgerArchive *ret,
	char error[LEDGER_TEXT_MAX])
{
	Cut cut = { .utc_us = utc_us };
	LedgerArchive made = { 0 };
	int r = copy_file(path, archive, cut_after, &cut, error);

	if (r == -ENODATA)
		snprintf(error, LEDGER_TEXT_MAX,
			"no checkpoint is older than that day: there is nothing to archive");
	if (r < 0)
		return r;
	if (chmod(archive, 0400) < 0)
		return explain(error, -errno, "could not be sealed", archive);
	r = hash_file(archive, made.sha256);
	if (r < 0)
		return explain(error, r, "could not be read", archive);
	made.size = cut.size;
	*ret = made;
	return 0;
}

/* ---- restoring ---- */

static int hold(const char *path, int *ret_fd, char error[LEDGER_TEXT_MAX])
{
	_cleanup_(freep) char *name = NULL;
	_cleanup_(closep) int fd = -1;

	if (asprintf(&name, "%s.lock", path) < 0)
		return -ENOMEM;
	fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0640);
	if (fd < 0)
		return explain(error, -errno, "cannot be made", name);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		snprintf(error, LEDGER_TEXT_MAX, "a daemon holds the ledger %.120s: stop it first", path);
		return -errno;
	}
	*ret_fd = TAKE_FD(fd);
	return 0;
}

/** The checkpoint kept beside the ledger says how far the station is known to have come. */
static int read_known(const char *path, LedgerRestored *restored, char **ret_note)
{
	_cleanup_(freep) char *name = NULL, *note = NULL;
	char why[TLOG_TEXT_MAX];
	Checkpoint checkpoint;
	size_t size, text;
	int r;

	if (asprintf(&name, "%s.checkpoint", path) < 0)
		return -ENOMEM;
	r = file_read(name, NOTE_FILE_MAX, &note, &size);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	if (note_read(note, size, &text, why) < 0 || checkpoint_parse(note, text, &checkpoint, why) < 0)
		return 0;
	restored->known = checkpoint.size;
	*ret_note = TAKE_PTR(note);
	return 0;
}

static int move_aside(const char *path, LedgerRestored *restored)
{
	static const char *const suffixes[] = { "", "-wal", "-shm", ".checkpoint", ".damaged" };
	char utc[CLOCK_UTC_TEXT_MAX];

	clock_format_utc((int64_t)time(NULL) * USEC_PER_SEC, utc);
	utc[19] = '\0'; /* without the fraction */
	snprintf(restored->aside, sizeof restored->aside, "%.400s.before-%s", path, utc);
	for (size_t i = 0; i < ELEMENTS(suffixes); i++) {
		_cleanup_(freep) char *from = NULL, *to = NULL;

		if (asprintf(&from, "%s%s", path, suffixes[i]) < 0 ||
			asprintf(&to, "%s%s", restored->aside, suffixes[i]) < 0)
			return -ENOMEM;
		if (rename(from, to) < 0 && errno != ENOENT)
			return -errno;
		if (i == 0 && access(to, F_OK) < 0)
			restored->aside[0] = '\0';
		if (!restored->aside[0])
			return 0;
	}
	return 0;
}

/** To be recorded by the station when it starts. */
static int leave_word(const char *path, const LedgerRestored *restored, const char *note)
{
	_cleanup_(freep) char *text = NULL;
	json_auto_t *body = json_pack("{s:I, s:I, s:s*}", "size", (json_int_t)restored->size, "lacking",
		(json_int_t)restored->lacking, "checkpoint", note);

	text = body ? json_dumps(body, LEDGER_JSON) : NULL;
	return text ? file_write_beside(path, ".restored", text, strlen(text)) : -ENOMEM;
}

/** The daemon's user owns its folder, and so what is put there. */
static int give_to_owner(const char *path, const struct stat *folder)
{
	if (geteuid() == 0 && chown(path, folder->st_uid, folder->st_gid) < 0)
		return -errno;
	return chmod(path, 0640) < 0 ? -errno : 0;
}

static int folder_status(const char *path, struct stat *ret)
{
	_cleanup_(freep) char *folder = file_folder(path);

	if (!folder)
		return -ENOMEM;
	return stat(folder, ret) < 0 ? -errno : 0;
}

static int put_in_place(const char *path, const char *backup, LedgerRestored *restored, const char *note,
	char error[LEDGER_TEXT_MAX])
{
	_cleanup_(freep) char *word = NULL;
	struct stat folder;
	int r = folder_status(path, &folder);

	if (r == 0)
		r = move_aside(path, restored);
	if (r < 0)
		return explain(error, r, "could not be moved aside", path);
	r = copy_file(backup, path, NULL, NULL, error);
	if (r == 0)
		r = give_to_owner(path, &folder);
	if (r == 0)
		r = leave_word(path, restored, note);
	if (r == 0 && asprintf(&word, "%s.restored", path) >= 0)
		r = give_to_owner(word, &folder);
	return r;
}

int ledger_restore(const char *path, const char *backup, LedgerRestored *ret, char error[LEDGER_TEXT_MAX])
{
	_cleanup_(sqlite3_closep) sqlite3 *db = NULL;
	_cleanup_(closep) int lock = -1;
	_cleanup_(freep) char *note = NULL;
	LedgerRestored restored = { 0 };
	int r = hold(path, &lock, error);

	if (r == 0)
		r = read_known(path, &restored, &note);
	if (r == 0)
		r = schema_open(backup, true, &db, error);
	if (r < 0)
		return r;
	restored.size = (uint64_t)number_of(db, "SELECT coalesce(max(seq), 0) FROM record WHERE ?", 1);
	if (restored.known > restored.size)
		restored.lacking = restored.known - restored.size;
	r = put_in_place(path, backup, &restored, note, error);
	if (r == 0)
		*ret = restored;
	return r;
}

/* ---- what an export is made of ---- */

int ledger_each_record(Ledger *ledger, uint64_t size, LedgerEach each, void *userdata)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *rows = NULL;
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
		r = each(userdata, (uint64_t)sqlite3_column_int64(rows, 0), sqlite3_column_blob(rows, 1),
			(size_t)sqlite3_column_bytes(rows, 1), sqlite3_column_blob(rows, 2),
			(size_t)sqlite3_column_bytes(rows, 2));
	}
	return r;
}
