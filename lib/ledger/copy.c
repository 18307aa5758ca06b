/* SPDX-License-Identifier: Apache-2.0 */

/** Makes backups and sealed archives of a ledger. It must not write the source ledger. */

#include "ledger/copy-part.h"
#include "ledger/statements.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "util/digest-file.h"

int ledger_backup(const LedgerCopy *copy, Error *error)
{
	_cleanup_(copy_part_removep) char *part = NULL;
	_cleanup_(reader_freep) Reader *from = NULL;
	int r = copy_refuse_existing(copy, error);

	if (r < 0)
		return r;
	r = copy_open_source(copy, true, &from, error);
	if (r < 0)
		return r;
	r = copy_make_part(copy, from, NULL, NULL, &part, error);
	return r < 0 ? r : copy_finish(copy, part, error);
}

/* ---- archives ---- */

typedef struct Cut {
	uint64_t size;
	int64_t utc_us;
} Cut;

/** Drops the triggers that make the tables append-only; the result restores them. NULL on failure. */
static char *drop_triggers(sqlite3 *db)
{
	_cleanup_(freep) char *made = copy_select_text(db, sql_triggers_made);
	_cleanup_(freep) char *drop = copy_select_text(db, sql_triggers_dropped);

	if (!made || !drop || sqlite3_exec(db, drop, NULL, NULL, NULL) != SQLITE_OK)
		return NULL;
	return TAKE_PTR(made);
}

static int cut_after(void *userdata, sqlite3 *db)
{
	Cut *cut = userdata;
	_cleanup_(freep) char *kept = NULL;
	int r;

	/* all records up to there are older, even where the clock was set back */
	cut->size = (uint64_t)statement_number(db, sql_checkpoint_before, cut->utc_us);
	if (cut->size == 0)
		return -ENODATA;
	kept = drop_triggers(db);
	if (!kept)
		return -ENOMEM;
	r = statement_script(db, sql_cut_after, (int64_t)cut->size);
	if (r < 0)
		return r;
	/* some triggers fill tables: the rebuild needs them */
	r = ledger_errno(sqlite3_exec(db, kept, NULL, NULL, NULL));
	if (r < 0)
		return r;
	r = projection_rebuild(db);
	return r < 0 ? r : ledger_errno(sqlite3_exec(db, "VACUUM", NULL, NULL, NULL));
}

static int hash_archive(const char *path, char ret[DIGEST_HEX_MAX])
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC);

	return fd < 0 ? -errno : digest_file(fd, ret);
}

int ledger_archive(const LedgerCopy *copy, int64_t utc_us, LedgerArchive *ret, Error *error)
{
	_cleanup_(copy_part_removep) char *part = NULL;
	_cleanup_(reader_freep) Reader *from = NULL;
	Cut cut = { .utc_us = utc_us };
	LedgerArchive made = { 0 };
	int r = copy_refuse_existing(copy, error);

	if (r < 0)
		return r;
	/* this also changes the tables, so the file must have this version */
	r = copy_open_source(copy, false, &from, error);
	if (r < 0)
		return r;
	r = copy_make_part(copy, from, cut_after, &cut, &part, error);
	if (r == -ENODATA)
		return error_set(
			error, r, "no checkpoint is older than that day: there is nothing to archive");
	if (r < 0)
		return r;
	if (chmod(part, 0400) < 0)
		return copy_explain(error, -errno, "could not be sealed", copy->name);
	r = hash_archive(part, made.sha256);
	if (r < 0)
		return copy_explain(error, r, "could not be read", copy->name);
	made.size = cut.size;
	r = copy_finish(copy, part, error);
	if (r < 0)
		return r;
	*ret = made;
	return 0;
}
