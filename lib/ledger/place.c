/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Checks whether the ledger's files are still those that were opened. A file that was deleted or replaced
 * accepts every write without an error, and all of it would be lost when the process ends.
 *
 * It looks up names only: opening and closing a file of the ledger would release the locks that this process
 * holds on it.
 */

#include "ledger/ledger-private.h"

#include <string.h>
#include <sys/stat.h>

#include "util/log.h"

/*
 * the write-ahead log holds the newest records; without its index other readers see different ones; without
 * the lock a second daemon would write
 */
static const char *const suffixes[LEDGER_PLACES] = { "", "-wal", "-shm", ".lock" };

int place_open(Ledger *ledger)
{
	int moved = 0;

	for (size_t i = 0; i < LEDGER_PLACES; i++) {
		Place *place = &ledger->places[i];
		struct stat status;

		if (asprintf(&place->path, "%s%s", ledger->path, suffixes[i]) < 0) {
			place->path = NULL;
			return -ENOMEM;
		}
		if (stat(place->path, &status) < 0)
			return -errno;
		place->device = status.st_dev;
		place->inode = status.st_ino;
	}
	/* the file was replaced after SQLite opened it and before we looked at it */
	if (sqlite3_file_control(ledger->db, "main", SQLITE_FCNTL_HAS_MOVED, &moved) == SQLITE_OK && moved)
		return -EUCLEAN;
	return 0;
}

void place_close(Ledger *ledger)
{
	/* SQLite would delete the -wal file by name, but that name may belong to another ledger by now */
	if (ledger->db && atomic_load(&ledger->moved))
		(void)sqlite3_db_config(ledger->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	for (size_t i = 0; i < LEDGER_PLACES; i++)
		free(ledger->places[i].path);
}

static bool is_there(const Place *place, bool is_main)
{
	struct stat status;

	/* under a second name the file would get a second write-ahead log */
	return stat(place->path, &status) == 0 && status.st_dev == place->device &&
	       status.st_ino == place->inode && (!is_main || status.st_nlink == 1);
}

int place_check(Ledger *ledger)
{
	const Place *missing = NULL;

	for (size_t i = 0; i < LEDGER_PLACES && !missing; i++)
		if (!is_there(&ledger->places[i], i == 0))
			missing = &ledger->places[i];
	if (atomic_exchange(&ledger->moved, missing != NULL) == (missing != NULL))
		return missing ? -EUCLEAN : 0;
	if (!missing) {
		log_notice("the ledger's files are where they were again");
		return 0;
	}
	log_line(LOG_ERR, LOG_ID_LEDGER_UNHEALTHY, "%s is not the file that was opened any more: %s",
		missing->path, ledger_ailment_text(LEDGER_MOVED));
	return -EUCLEAN;
}

void ledger_look(Ledger *ledger)
{
	/* not while the disk may hang: open files are in memory, but their replacements may not be */
	if (!ledger->read_only && ledger_silent_us(ledger) == 0)
		(void)!place_check(ledger);
}
