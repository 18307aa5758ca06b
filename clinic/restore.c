/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Restores a backup. It must not touch a database that has something in it, or keys that are there, and must
 * not write the keys before the restored log was found whole.
 */

#include "backup.h"

#include <fcntl.h>
#include <string.h>

#include "backup-folder.h"
#include "backup-keys.h"
#include "certificate.h"
#include "recovery.h"
#include "setup.h"
#include "tool.h"

enum { TYPED_MAX = 128 };

#define USUAL_CONNECTION "dbname=stipple"

/** A restore while it runs. */
typedef struct Restore {
	const Program *program;
	const char *folder;     /* of the backup */
	const char *connection; /* to the database that it goes to */
	Owner owner;            /* who runs the server */
	BackupManifest manifest;
	BackupKeys *keys; /* NULL: the keys are here already */
	Database *database;
	PGconn *link;
} Restore;

static void restore_done(Restore *restore)
{
	if (restore->link)
		database_give(restore->database, restore->link);
	database_free(restore->database);
	backup_keys_free(restore->keys);
}

static const char *keys_folder(const Restore *restore)
{
	return restore->program->options.keys ? restore->program->options.keys : CLINIC_KEYS_FOLDER;
}

/* ---- the keys ---- */

static int read_typed_code(char ret[RECOVERY_CODE_MAX], Error *error)
{
	char typed[TYPED_MAX];
	int r;

	fputs("The recovery code that setup printed: ", stderr);
	if (!fgets(typed, sizeof typed, stdin))
		return error_set(error, -EINVAL, "without the recovery code a new server gets no keys");
	r = recovery_code_read(typed, ret);
	if (r < 0)
		return error_set(error, r,
			"the recovery code is mistyped: it has 25 letters and digits, without 0, 1, I and O");
	return 0;
}

/** On a new server: opens the keys, which are written at the end. */
static int open_for_new_server(Restore *restore, Error *error)
{
	const ProgramOptions *options = &restore->program->options;
	char code[RECOVERY_CODE_MAX];
	_cleanup_(freep) char *path = NULL;
	int r;

	if (access(keys_folder(restore), F_OK) == 0)
		return error_set(error, -EEXIST,
			"%s is there already, and keys are never overwritten: move it away",
			keys_folder(restore));
	if (asprintf(&path, "%s/" BACKUP_KEYS, restore->folder) < 0)
		return error_set(error, -ENOMEM, "no memory");
	r = setup_owner(options, &restore->owner, error);
	r = r < 0 ? r : read_typed_code(code, error);
	restore->connection = options->database ? options->database : USUAL_CONNECTION;
	return r < 0 ? r : backup_keys_open(path, code, &restore->keys, error);
}

/** On the server that made it: only the database is restored. */
static int open_for_this_server(Restore *restore, ClinicConfig *config, Error *error)
{
	_cleanup_(note_signer_freep) NoteSigner *signer = NULL;
	char key[NOTE_KEY_MAX];
	int r = clinic_config_load(restore->program->path, config, error);

	r = r < 0 ? r : owner_of(config->registry_key, &restore->owner, error);
	r = r < 0 ? r : note_signer_load(config->registry_key, &signer, error);
	if (r < 0)
		return r;
	note_verifier_write(note_signer_verifier(signer), key);
	if (strcmp(key, restore->manifest.registry_key) != 0)
		return error_set(error, -EINVAL,
			"this backup is of a clinic with another key (%s): it belongs to another server",
			restore->manifest.registry_key);
	restore->connection = config->connection;
	return 0;
}

/* ---- the database ---- */

static int look_at_database(Restore *restore, bool *ret_empty, Error *error)
{
	_cleanup_(PQclearp) PGresult *row = NULL;
	int r = database_new(restore->connection, 1, &restore->database);

	if (r < 0)
		return error_set(error, r, "no memory");
	r = database_take(restore->database, &restore->link, error);
	r = r < 0 ? r
		  : database_run(restore->link, "SELECT to_regclass('schema_version') IS NULL", NULL, 0, &row,
			    error);
	if (r >= 0)
		*ret_empty = PQgetvalue(row, 0, 0)[0] == 't';
	return r;
}

static int pour(const Restore *restore, Error *error)
{
	_cleanup_(freep) char *path = NULL;
	_cleanup_(closep) int in = -1;
	_cleanup_(freep) char *name = NULL;
	Tool tool = { .connection = restore->connection, .owner = restore->owner, .out = -1 };

	if (asprintf(&path, "%s/" BACKUP_DATABASE, restore->folder) < 0 ||
		asprintf(&name, "--dbname=%s", PQdb(restore->link)) < 0)
		return error_set(error, -ENOMEM, "no memory");
	const char *const words[] = { "pg_restore", "--single-transaction", "--exit-on-error", "--no-owner",
		"--no-privileges", name, NULL };

	in = open(path, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return error_set(error, -errno, "%s: %s", path, strerror(errno));
	tool.words = words;
	tool.in = in;
	return tool_run(&tool, error);
}

/** Whether what is in the database is what was saved: the same leaves, with the same root, signed. */
static int check_restored(Restore *restore, Error *error)
{
	NoteVerifier signer;
	RegistryFacts facts;
	int r = note_verifier_parse(restore->manifest.registry_key, &signer, error);

	r = r < 0 ? r : registry_check(restore->link, &signer, &facts, error);
	if (r < 0)
		return r;
	if (facts.size != restore->manifest.registry.size ||
		strcmp(facts.root, restore->manifest.registry.root) != 0 ||
		facts.records != restore->manifest.registry.records)
		return error_set(error, -EEXIST,
			"the database holds something else than this backup: give it an empty one (sudo -u postgres dropdb, createdb), and restore again");
	return 0;
}

static int restore_database(Restore *restore, Error *error)
{
	bool empty = false;
	int r = owner_become(&restore->owner, error);

	r = r < 0 ? r : look_at_database(restore, &empty, error);
	owner_resume();
	if (r >= 0 && empty)
		r = pour(restore, error);
	return r < 0 ? r : check_restored(restore, error);
}

/* ---- all of it ---- */

static int write_new_server(const Restore *restore, Error *error)
{
	Program program = *restore->program;
	int r = backup_keys_write(restore->keys, keys_folder(restore), &restore->owner, error);

	program.options.port = backup_keys_port(restore->keys);
	return r < 0 ? r
		     : setup_write_config(&program, backup_keys_host(restore->keys), keys_folder(restore),
			       &restore->owner, error);
}

static void say_restored(const Restore *restore)
{
	unsigned timeline = database_timeline_of(restore->link);

	printf("Restored: %llu stations, %llu records, %llu leaves of the registry's log, whose root is the one that was signed.\n",
		(unsigned long long)restore->manifest.registry.stations,
		(unsigned long long)restore->manifest.registry.records,
		(unsigned long long)restore->manifest.registry.size);
	if (restore->keys)
		printf("Stations reach this server only by the name %s: let it point here.\n",
			backup_keys_host(restore->keys));
	if (timeline < restore->manifest.timeline)
		printf("The database was on timeline %u and is on %u now: stations refuse it until it has been promoted as often.\n",
			restore->manifest.timeline, timeline);
	printf("What came after the backup is not here. The stations send their records again by themselves.\n"
	       "Next:\n"
	       "  sudo systemctl enable --now stipple-clinicd stipple-clinic-backup.timer\n"
	       "  sudo stipple-clinicd doctor\n");
}

int restore_run(Program *program, char **words, Error *error)
{
	_cleanup_(restore_done) Restore restore = { .program = program, .folder = words[0] };
	bool fresh = access(program->path, F_OK) < 0;
	int r = backup_manifest_read(restore.folder, &restore.manifest, error);

	if (r < 0)
		return r;
	r = fresh ? open_for_new_server(&restore, error)
		  : open_for_this_server(&restore, &program->config, error);
	r = r < 0 ? r : restore_database(&restore, error);
	r = r < 0 || !fresh ? r : write_new_server(&restore, error);
	if (r >= 0)
		say_restored(&restore);
	return r;
}
