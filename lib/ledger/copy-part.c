/* SPDX-License-Identifier: Apache-2.0 */

/**
 * A copy of a ledger in progress. It must not write the source ledger, overwrite an existing file, or leave
 * an incomplete copy under the final name.
 */

#include "ledger/copy-part.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "ledger/beside.h"
#include "util/file.h"

enum {
	PAGES_A_STEP = 1024,
	INSTRUCTIONS_A_LOOK = 100000,
	BESIDE_BYTES = 1 << 20 /* size of SQLite's files beside a copy */
};

int copy_explain(Error *error, int r, const char *what, const char *path)
{
	return error_set(error, r, "%.140s %s: %s", path, what, strerror(-r));
}

int copy_explain_write(Error *error, int r, const char *path)
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
	return copy_explain(error, r, "was not written", path);
}

static int sync_path(const char *path, int flags)
{
	_cleanup_(closep) int fd = open(path, flags | O_CLOEXEC);

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int copy_sync_folder(const char *path)
{
	_cleanup_(freep) char *folder = file_folder(path);

	return folder ? sync_path(folder, O_RDONLY | O_DIRECTORY) : -ENOMEM;
}

bool copy_was_left(const LedgerCopy *copy)
{
	return copy->leave && atomic_load(copy->leave);
}

/** SQLite calls this while a statement runs; a result other than 0 ends the statement. */
static int copy_on_instructions(void *userdata)
{
	return copy_was_left(userdata);
}

static void tell_copying(const LedgerCopy *copy, const char *doing, uint64_t done, uint64_t total)
{
	if (copy->progress)
		copy->progress(copy->userdata, doing, done, total);
}

/** Copies in the reader's one snapshot, so that a writing daemon does not make it start again. */
static int copy_pages(const LedgerCopy *copy, sqlite3 *from, sqlite3 *to)
{
	sqlite3_backup *backup;
	int r;

	backup = sqlite3_backup_init(to, "main", from, "main");
	if (!backup)
		return ledger_errno(sqlite3_errcode(to));
	do {
		r = sqlite3_backup_step(backup, PAGES_A_STEP);
		tell_copying(copy, "copying",
			(uint64_t)(sqlite3_backup_pagecount(backup) - sqlite3_backup_remaining(backup)),
			(uint64_t)sqlite3_backup_pagecount(backup));
	} while (r == SQLITE_OK && !copy_was_left(copy));
	r = sqlite3_backup_finish(backup);
	if (r != SQLITE_OK)
		return ledger_errno(r);
	/* not WAL, so that the copy is a single file */
	r = sqlite3_exec(to, "PRAGMA journal_mode=DELETE", NULL, NULL, NULL);
	return ledger_errno(r);
}

static int create_private(const char *path)
{
	_cleanup_(closep) int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);

	return fd < 0 ? -errno : 0;
}

void copy_part_remove(char *part)
{
	static const char *const suffixes[] = { "", "-journal", "-wal", "-shm" };

	for (size_t i = 0; i < ELEMENTS(suffixes); i++)
		beside_remove(part, suffixes[i]);
	free(part);
}
/**
 * SQLite distinguishes only a full disk from other errors: checks whether the file may not grow that large.
 */
static int why_not_more(sqlite3 *from, const char *part)
{
	_cleanup_(closep) int fd = open(part, O_WRONLY | O_CLOEXEC);
	int64_t bytes = statement_number(
		from, "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size", 0);

	if (fd < 0 || bytes <= 0 || fallocate(fd, 0, 0, bytes + BESIDE_BYTES) == 0)
		return -EIO;
	return errno == EFBIG || errno == EDQUOT || errno == ENOSPC ? -errno : -EIO;
}

static int fill_part(const LedgerCopy *copy, sqlite3 *from, sqlite3 *to, LedgerChange change, void *userdata)
{
	int r = ledger_errno(schema_harden(to));

	if (r < 0)
		return r;
	/* the schema was compared with ours: some triggers fill tables that an archive rebuilds */
	r = ledger_errno(sqlite3_db_config(to, SQLITE_DBCONFIG_ENABLE_TRIGGER, 1, NULL));
	if (r < 0)
		return r;
	sqlite3_progress_handler(to, INSTRUCTIONS_A_LOOK, copy_on_instructions, (void *)copy);
	r = copy_pages(copy, from, to);
	if (r < 0 || !change || copy_was_left(copy))
		return r;
	tell_copying(copy, "leaving out what is newer", 0, 0);
	return change(userdata, to);
}

static int write_part(
	const LedgerCopy *copy, sqlite3 *from, const char *part, LedgerChange change, void *userdata)
{
	sqlite3 *to = NULL;
	int r = ledger_errno(sqlite3_open_v2(part, &to, SQLITE_OPEN_READWRITE, NULL));

	r = r < 0 ? r : fill_part(copy, from, to, change, userdata);
	sqlite3_close(to);
	if (copy_was_left(copy))
		return -ECANCELED;
	if (r == -EIO)
		return why_not_more(from, part);
	return r < 0 ? r : sync_path(part, O_RDONLY);
}

int copy_open_source(const LedgerCopy *copy, bool older, Reader **ret, Error *error)
{
	const ReaderOptions options = { .older = older, .leave = copy->leave };

	return reader_open(copy->path, &options, ret, error);
}

int copy_make_part(
	const LedgerCopy *copy, Reader *from, LedgerChange change, void *userdata, char **ret, Error *error)
{
	_cleanup_(copy_part_removep) char *part = NULL;
	_cleanup_(freep) char *name = NULL;
	int r;

	if (asprintf(&name, "%s.part", copy->name) < 0)
		return copy_explain_write(error, -ENOMEM, copy->name);
	r = create_private(name);
	if (r == -EEXIST)
		return error_set(error, r,
			"%.140s is there already: if no other copy is under way, one was cut off; then delete it",
			name);
	if (r < 0)
		return copy_explain_write(error, r, copy->name);
	part = TAKE_PTR(name);
	r = write_part(copy, from->db, part, change, userdata);
	if (r < 0)
		return copy_explain_write(error, r, copy->name);
	*ret = TAKE_PTR(part);
	return 0;
}

int copy_refuse_existing(const LedgerCopy *copy, Error *error)
{
	struct stat status;

	return lstat(copy->name, &status) == 0 ? copy_explain_write(error, -EEXIST, copy->name) : 0;
}

int copy_give_name(const char *part, const char *name)
{
	if (renameat2(AT_FDCWD, part, AT_FDCWD, name, RENAME_NOREPLACE) == 0)
		return 0;
	/* a copy to be finished has a name: copy_refuse_existing() has checked that */
	// NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker)
	return errno == EINVAL && link(part, name) == 0 ? 0 : -errno;
}

int copy_finish(const LedgerCopy *copy, const char *part, Error *error)
{
	int r = copy->look ? copy->look(copy->userdata, part) : 0;

	if (r < 0) {
		*error = (Error){ 0 };
		return r;
	}
	r = copy_was_left(copy) ? -ECANCELED : copy_give_name(part, copy->name);
	r = r < 0 ? r : copy_sync_folder(copy->name);
	return r < 0 ? copy_explain_write(error, r, copy->name) : 0;
}

char *copy_select_text(sqlite3 *db, const char *sql)
{
	_cleanup_(sqlite3_finalizep) sqlite3_stmt *select = NULL;
	const char *text = statement_once(db, sql, NULL, &select) == 0 ? column_text(select, 0) : NULL;

	return text ? strdup(text) : NULL;
}
