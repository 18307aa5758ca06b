/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Makes a backup of database and keys. It must not call anything a backup whose registry's log was not
 * computed anew from the very same snapshot of the database.
 */

#include "backup.h"

#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <time.h>

#include "backup-folder.h"
#include "backup-keys.h"
#include "tool.h"
#include "util/file.h"

enum { SNAPSHOT_MAX = 64 };

/** A backup while it is made. */
typedef struct Backup {
	const ClinicConfig *config;
	Owner owner;      /* who runs the server */
	const char *into; /* the folder of backups */
	int lock;         /* of that folder */
	char *part, *whole;
	NoteSigner *signer;
	Database *database;
	PGconn *connection;
	char snapshot[SNAPSHOT_MAX]; /* that both this program and pg_dump read */
	BackupManifest manifest;
} Backup;

static void backup_done(Backup *backup)
{
	if (backup->connection)
		database_give(backup->database, backup->connection);
	database_free(backup->database);
	note_signer_free(backup->signer);
	free(backup->part);
	free(backup->whole);
	closep(&backup->lock);
}

/* ---- the folder ---- */

/** One backup at a time: whatever is unfinished there is nobody's. */
static int lock_folder(Backup *backup, Error *error)
{
	int r = file_make_folders(backup->into);

	if (r < 0)
		return error_set(error, r, "%s cannot be made: %s", backup->into, strerror(-r));
	backup->lock = open(backup->into, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (backup->lock < 0)
		return error_set(error, -errno, "%s: %s", backup->into, strerror(errno));
	if (flock(backup->lock, LOCK_EX | LOCK_NB) < 0)
		return error_set(
			error, -EBUSY, "another backup to %s is being made: wait for its end", backup->into);
	return 0;
}

static int begin_folder(Backup *backup, Error *error)
{
	const Owner self = { geteuid(), getegid() };
	char name[BACKUP_NAME_MAX];
	int r = lock_folder(backup, error);

	if (r < 0)
		return r;
	backup->manifest.made_s = (int64_t)time(NULL);
	backup_name(backup->manifest.made_s, name);
	if (asprintf(&backup->whole, "%s/%s", backup->into, name) < 0 ||
		asprintf(&backup->part, "%s" BACKUP_PART, backup->whole) < 0)
		return error_set(error, -ENOMEM, "no memory");
	if (access(backup->whole, F_OK) == 0)
		return error_set(error, -EEXIST, "%s is there already: wait for a second", backup->whole);
	return owned_folder_make(backup->part, &self, 0700, error);
}

/** A file of the backup. */
static int put_in_part(const Backup *backup, const char *name, const void *data, size_t size, Error *error)
{
	const Owner self = { geteuid(), getegid() };
	_cleanup_(freep) char *path = NULL;

	if (asprintf(&path, "%s/%s", backup->part, name) < 0)
		return error_set(error, -ENOMEM, "no memory");
	return owned_file_make(path, data, size, &self, 0600, error);
}

/* ---- the database ---- */

static int export_snapshot(Backup *backup, Error *error)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	int r = database_do(
		backup->connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY", NULL, 0, error);

	r = r < 0 ? r : database_run(backup->connection, "SELECT pg_export_snapshot()", NULL, 0, &row, error);
	if (r >= 0)
		snprintf(backup->snapshot, sizeof backup->snapshot, "%s", PQgetvalue(row, 0, 0));
	return r;
}

/** Takes a snapshot, and computes the registry's root from it. */
static int check_snapshot(Backup *backup, Error *error)
{
	int r = database_new(backup->config->connection, 1, &backup->database);

	if (r < 0)
		return error_set(error, r, "no memory");
	r = database_take(backup->database, &backup->connection, error);
	r = r < 0 ? r : export_snapshot(backup, error);
	r = r < 0 ? r
		  : registry_check(backup->connection, note_signer_verifier(backup->signer),
			    &backup->manifest.registry, error);
	if (r < 0)
		return r;
	backup->manifest.timeline = database_timeline_of(backup->connection);
	note_verifier_write(note_signer_verifier(backup->signer), backup->manifest.registry_key);
	return 0;
}

static int dump(const Backup *backup, Error *error)
{
	_cleanup_(freep) char *path = NULL, *snapshot = NULL;
	_cleanup_(closep) int out = -1;
	Tool tool = { .connection = backup->config->connection, .owner = backup->owner, .in = -1 };
	int r;

	if (asprintf(&path, "%s/" BACKUP_DATABASE, backup->part) < 0 ||
		asprintf(&snapshot, "--snapshot=%s", backup->snapshot) < 0)
		return error_set(error, -ENOMEM, "no memory");
	const char *const words[] = { "pg_dump", "--format=custom", "--no-owner", "--no-privileges", snapshot,
		NULL };

	out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (out < 0)
		return error_set(error, -errno, "%s cannot be written: %s", path, strerror(errno));
	tool.words = words;
	tool.out = out;
	r = tool_run(&tool, error);
	if (r >= 0 && fsync(out) < 0)
		r = error_set(error, -errno, "%s cannot be written: %s", path, strerror(errno));
	return r;
}

/** Reads the whole dump back, as a restore would. */
static int backup_read_back(const Backup *backup, Error *error)
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(closep) int in = -1;
	const char *const words[] = { "pg_restore", "--file=-", NULL };
	Tool tool = { .words = words, .connection = "", .owner = backup->owner, .out = -1 };

	if (asprintf(&path, "%s/" BACKUP_DATABASE, backup->part) < 0)
		return error_set(error, -ENOMEM, "no memory");
	in = open(path, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return error_set(error, -errno, "%s: %s", path, strerror(errno));
	tool.in = in;
	return tool_run(&tool, error);
}

/* ---- all of it ---- */

static int put_keys(const Backup *backup, Error *error)
{
	_cleanup_(freep) void *sealed = NULL;
	size_t size;
	int r = backup_keys_seal(backup->config, &sealed, &size, error);

	return r < 0 ? r : put_in_part(backup, BACKUP_KEYS, sealed, size, error);
}

static int put_manifest(const Backup *backup, Error *error)
{
	_cleanup_(freep) char *text = NULL;
	int r = backup_manifest_make(backup->part, &backup->manifest, &text, error);

	return r < 0 ? r : put_in_part(backup, BACKUP_MANIFEST, text, strlen(text), error);
}

/** From here on it is one. */
static int finish_folder(const Backup *backup, Error *error)
{
	int r = owned_folder_sync(backup->part, error);

	if (r < 0)
		return r;
	if (rename(backup->part, backup->whole) < 0)
		return error_set(error, -errno, "%s: %s", backup->whole, strerror(errno));
	return owned_folder_sync(backup->into, error);
}

static int make_backup(Backup *backup, Error *error)
{
	int r = note_signer_load(backup->config->registry_key, &backup->signer, error);

	r = r < 0 ? r : begin_folder(backup, error);
	r = r < 0 ? r : put_keys(backup, error);
	r = r < 0 ? r : owner_become(&backup->owner, error);
	r = r < 0 ? r : check_snapshot(backup, error);
	owner_resume();
	r = r < 0 ? r : dump(backup, error);
	r = r < 0 ? r : backup_read_back(backup, error);
	r = r < 0 ? r : put_manifest(backup, error);
	return r < 0 ? r : finish_folder(backup, error);
}

int backup_run(Program *program, char **words, Error *error)
{
	const ClinicConfig *config = &program->config;
	_cleanup_(backup_done) Backup backup = {
		.config = config,
		.into = words[0] ? words[0] : config->backup_folder,
		.lock = -1,
	};
	/* what is in the usual folder belongs to the server's user, whoever runs this: the timer deletes it
	 */
	int r = owner_of(config->registry_key, &backup.owner, error);

	r = r < 0 || words[0] ? r : owner_stay(&backup.owner, error);
	r = r < 0 ? r : make_backup(&backup, error);
	if (r >= 0 && !words[0])
		r = backup_prune(backup.into, config->backup_keep, error);
	if (r < 0)
		return r;
	printf("%s: %llu stations, %llu records, %llu leaves of the registry's log with the root %s\n",
		backup.whole, (unsigned long long)backup.manifest.registry.stations,
		(unsigned long long)backup.manifest.registry.records,
		(unsigned long long)backup.manifest.registry.size, backup.manifest.registry.root);
	return 0;
}
