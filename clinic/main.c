/* SPDX-License-Identifier: Apache-2.0 */

/**
 * stipple-clinicd: the clinic's server, which mirrors the log of every station. It must not reach into a
 * station: stations ask, it answers.
 */

#include <getopt.h>
#include <signal.h>
#include <string.h>
#include <time.h>

#include <systemd/sd-daemon.h>

#include "auditor.h"
#include "backup.h"
#include "doctor.h"
#include "owned-file.h"
#include "page-people.h"
#include "program.h"
#include "quarantine.h"
#include "server-certificate.h"
#include "setup.h"
#include "station-admin.h"
#include "util/log.h"

#ifndef STIPPLE_CLINIC_CONFIG_FILE
#define STIPPLE_CLINIC_CONFIG_FILE "/etc/stipple-clinic/clinicd.conf"
#endif

/* ---- opening ---- */

/** `path`: "" none. */
static int open_key(const char *path, NoteSigner **ret, Error *error)
{
	return path[0] ? note_signer_load(path, ret, error) : 0;
}

/** A key's cosignatures do not commit to its role: one key in two roles would vouch for what it did not see.
 */
static int check_witness(const Program *program, Error *error)
{
	const NoteVerifier *witness = program->witness ? note_signer_verifier(program->witness) : NULL,
			   *mirror = note_signer_verifier(program->mirror);

	if (!witness || (strcmp(witness->name, mirror->name) != 0 &&
				(witness->kind != mirror->kind ||
					memcmp(witness->key, mirror->key, note_key_size(mirror->kind)) != 0)))
		return 0;
	return error_set(error, -EINVAL,
		"[witness] key has the name or the key of the mirror: it must have one of its own, or none");
}

static int open_keys(Program *program, Error *error)
{
	const ClinicConfig *config = &program->config;
	int r = open_key(config->mirror_key, &program->mirror, error);

	r = r < 0 ? r : open_key(config->mirror_ml_dsa_key, &program->mirror_ml_dsa, error);
	r = r < 0 ? r : open_key(config->witness_key, &program->witness, error);
	r = r < 0 ? r : open_key(config->registry_key, &program->registry, error);
	return r < 0 ? r : check_witness(program, error);
}

/** Enrolment: without an authority nobody can join. */
static int open_authority(Program *program, Error *error)
{
	const ClinicConfig *config = &program->config;

	program->limit = rate_limit_new();
	if (!program->limit)
		return error_set(error, -ENOMEM, "no memory");
	if (!config->authority_certificate[0] || !config->authority_key[0])
		return 0;
	return authority_load(
		config->authority_certificate, config->authority_key, &program->authority, error);
}

static const Route *const areas[] = { audit_routes, enrolment_routes, mirror_routes, page_routes,
	registry_routes, NULL };

int program_open(Program *program, Error *error)
{
	int r = open_keys(program, error);

	r = r < 0 ? r : open_authority(program, error);
	if (r < 0)
		return r;
	r = database_new(program->config.connection, SERVER_THREADS + REGISTRY_THREADS, &program->database);
	if (r < 0)
		return error_set(error, r, "no memory");
	program->clinic = (Clinic){
		.database = program->database,
		.mirror = { program->database, { program->mirror, program->mirror_ml_dsa }, program->witness,
			program->registry },
		.registry = { .database = program->database, .signer = program->registry },
		.enrolment = { program->database, program->registry, program->mirror, program->authority,
			program->limit, program->config.station_days },
		.routes = areas,
	};
	return database_migrate(program->database, error);
}

/** Root becomes whoever owns the keys: the database knows the server by that user. */
static int open_as_owner(Program *program, Error *error)
{
	Owner owner;
	int r = owner_of(program->config.registry_key, &owner, error);

	r = r < 0 ? r : owner_stay(&owner, error);
	return r < 0 ? r : program_open(program, error);
}

static int open_what_it_needs(Program *program, CommandNeeds needs, Error *error)
{
	int r = needs == NEEDS_NOTHING ? 0 : clinic_config_load(program->path, &program->config, error);

	return r < 0 || needs != NEEDS_DATABASE ? r : open_as_owner(program, error);
}

static void close_program(Program *program)
{
	page_free(program->clinic.page);
	database_free(program->database);
	note_signer_free(program->mirror);
	note_signer_free(program->mirror_ml_dsa);
	note_signer_free(program->witness);
	note_signer_free(program->registry);
	authority_free(program->authority);
	rate_limit_free(program->limit);
	clinic_config_clear(&program->config);
}

/* ---- commands ---- */

/** A certificate that cannot be renewed now is no reason to answer nobody. */
static void renew_own_certificate(const Program *program)
{
	Error error = { 0 };
	int r = server_certificate_renew_if_due(
		&program->config, program->authority, (int64_t)time(NULL), &error);

	if (r > 0)
		log_notice("the server's certificate was renewed");
	if (r < 0)
		log_warning("the server's certificate cannot be renewed: %s", error.text);
}

static int run_serve(Program *program, char **words, Error *error)
{
	Server *server;
	sigset_t ends;
	int number, r = 0;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	if (program->config.page_port > 0)
		r = page_new(&program->config, &program->clinic.page, error);
	r = r < 0 ? r : registry_start(&program->clinic.registry, error);
	renew_own_certificate(program);
	r = r < 0 ? r : server_start(&program->config, &program->clinic, &server, error);
	if (r < 0) {
		registry_stop(&program->clinic.registry);
		return r;
	}
	log_notice("listening on %s port %u", program->config.address, server_port(server));
	(void)sd_notify(false, "READY=1");
	(void)sigwait(&ends, &number);
	registry_wake_all(&program->clinic.registry);
	server_stop(server);
	registry_stop(&program->clinic.registry);
	return 0;
}

static int run_enrol(Program *program, char **words, Error *error)
{
	PGconn *connection;
	int r = database_take(program->database, &connection, error);

	if (r < 0)
		return r;
	r = station_enrol(connection, words[0], words[1], error);
	database_give(program->database, connection);
	if (r >= 0)
		printf("the station \"%s\" is enrolled\n", words[0]);
	return r;
}

static void print_cosigner(const char *what, const NoteSigner *signer)
{
	char text[NOTE_KEY_MAX];
	NoteVerifier cosigner;

	if (!signer)
		return;
	note_signer_cosigner(signer, &cosigner);
	note_verifier_write(&cosigner, text);
	printf("%-8s %s\n", what, text);
}

static int run_keys(Program *program, char **words, Error *error)
{
	char text[NOTE_KEY_MAX];
	int r = open_keys(program, error);

	if (r < 0)
		return r;
	print_cosigner("mirror", program->mirror);
	print_cosigner("mirror", program->mirror_ml_dsa);
	print_cosigner("witness", program->witness);
	note_verifier_write(note_signer_verifier(program->registry), text);
	printf("registry %s\n", text);
	return 0;
}

static int run_person(Program *program, char **words, Error *error)
{
	const char *role = program->options.role;

	if (strcmp(words[0], "list") == 0 && !words[1])
		return people_list(program->database, error);
	if (strcmp(words[0], "add") == 0 && words[1])
		return people_add(program->database, words[1], role ? role : "viewer", error);
	if (strcmp(words[0], "password") == 0 && words[1])
		return people_change_password(program->database, words[1], error);
	if (strcmp(words[0], "remove") == 0 && words[1])
		return people_remove(program->database, words[1], error);
	return error_set(error, -ENOTSUP,
		"person: add NAME, password NAME, remove NAME or list; see stipple-clinicd --help");
}

/* The first is what runs without a word. */
static const Command commands[] = {
	{ "", "", 0, 0, NEEDS_DATABASE, run_serve, "serve until SIGTERM" },
	{ "setup", "", 0, 0, NEEDS_NOTHING, setup_run,
		"make the clinic's keys and configuration, once; needs --host" },
	{ "invite", "NAME", 1, 1, NEEDS_DATABASE, station_invite_run,
		"print a code with which the station NAME joins, valid for an hour" },
	{ "auditor", "NAME FOLDER", 2, 2, NEEDS_DATABASE, auditor_run,
		"make the files with which NAME may read the records of all stations" },
	{ "stations", "", 0, 0, NEEDS_DATABASE, station_list_run, "list the stations" },
	{ "revoke", "NAME", 1, 1, NEEDS_DATABASE, station_revoke_run,
		"the station NAME is answered nothing any more, and what it holds is written off" },
	{ "backup", "[FOLDER]", 0, 1, NEEDS_CONFIG, backup_run,
		"save database and keys to FOLDER, or to [backup] folder, and check them" },
	{ "restore", "FOLDER", 1, 1, NEEDS_NOTHING, restore_run, "restore the backup FOLDER" },
	{ "doctor", "", 0, 0, NEEDS_NOTHING, doctor_run,
		"look at everything that the server needs, and say what to do" },
	{ "enrol", "NAME KEY", 2, 2, NEEDS_DATABASE, run_enrol,
		"let the station NAME, whose log has the public KEY, be mirrored" },
	{ "readmit", "NAME KEY", 2, 2, NEEDS_DATABASE, readmit_run,
		"admit a quarantined station again, with the public KEY of its new log" },
	{ "findings", "", 0, 0, NEEDS_DATABASE, findings_run, "list what contradicts itself" },
	{ "keys", "", 0, 0, NEEDS_CONFIG, run_keys,
		"the public keys that its cosignatures and its grants are verified with" },
	{ "person", "WHAT [NAME]", 1, 2, NEEDS_DATABASE, run_person,
		"people of the page: add, password, remove, list" },
};

/** The command that the words name; NULL none, or not with so many. */
static const Command *main_find_command(char **words, int n)
{
	if (n == 0)
		return &commands[0];
	for (size_t i = 1; i < ELEMENTS(commands); i++)
		if (strcmp(commands[i].name, words[0]) == 0 && n - 1 >= commands[i].min &&
			n - 1 <= commands[i].max)
			return &commands[i];
	return NULL;
}

static int main_run_command(Program *program, char **words, int n, Error *error)
{
	const Command *command = main_find_command(words, n);
	int r;

	if (!command)
		return error_set(
			error, -ENOTSUP, "the words were not understood; see stipple-clinicd --help");
	r = open_what_it_needs(program, command->needs, error);
	return r < 0 ? r : command->run(program, n > 0 ? words + 1 : words, error);
}

static void print_clinic_help(void)
{
	printf("Usage: stipple-clinicd [OPTION]... [COMMAND]\n"
	       "The clinic's server: one registry of cartridges, and the log of every station mirrored.\n\n"
	       "Without a command it serves until SIGTERM.\n");
	for (size_t i = 1; i < ELEMENTS(commands); i++) {
		char words[64];

		snprintf(words, sizeof words, "%s %s", commands[i].name, commands[i].words);
		printf("  %-20s %s\n", words, commands[i].says);
	}
	printf("\n  -c, --config FILE    its configuration (default %s)\n"
	       "      --json           answers for programs\n"
	       "      --host HOST      setup: by which name or address the stations reach the server\n"
	       "      --port PORT      setup: its port (default 7443)\n"
	       "      --database TEXT  setup: the database, as libpq takes it (default dbname=stipple)\n"
	       "      --keys FOLDER    setup: where the keys go (default %s)\n"
	       "      --user NAME      setup: who runs the server (default stipple-clinic)\n"
	       "      --role ROLE      person add: viewer (sees) or manager (acknowledges, too)\n"
	       "  -h, --help           this text\n"
	       "      --version        the version\n\n"
	       "Exit status: 0 done, 1 refused or failed, 2 the words were not understood.\n",
		STIPPLE_CLINIC_CONFIG_FILE, CLINIC_KEYS_FOLDER);
}

/* ---- options ---- */

enum { OPTION_VERSION = 256, OPTION_JSON, OPTION_TEXT };

/** Options with a text, from OPTION_TEXT on. */
static const struct {
	const char *name;
	size_t offset;
} texts[] = {
	{ "host", offsetof(Program, options.host) },
	{ "port", offsetof(Program, options.port) },
	{ "user", offsetof(Program, options.user) },
	{ "keys", offsetof(Program, options.keys) },
	{ "database", offsetof(Program, options.database) },
	{ "role", offsetof(Program, options.role) },
};

static const struct option options[] = {
	{ "config", required_argument, NULL, 'c' },
	{ "help", no_argument, NULL, 'h' },
	{ "json", no_argument, NULL, OPTION_JSON },
	{ "version", no_argument, NULL, OPTION_VERSION },
	{ "host", required_argument, NULL, OPTION_TEXT },
	{ "port", required_argument, NULL, OPTION_TEXT + 1 },
	{ "user", required_argument, NULL, OPTION_TEXT + 2 },
	{ "keys", required_argument, NULL, OPTION_TEXT + 3 },
	{ "database", required_argument, NULL, OPTION_TEXT + 4 },
	{ "role", required_argument, NULL, OPTION_TEXT + 5 },
	{ 0 },
};

/** Takes one option. -1: go on; else the program's status. */
static int take_option(Program *program, int option)
{
	if (option >= OPTION_TEXT && (size_t)option < OPTION_TEXT + ELEMENTS(texts)) {
		*(const char **)((char *)program + texts[option - OPTION_TEXT].offset) = optarg;
		return -1;
	}
	switch (option) {
	case 'c':
		program->path = optarg;
		return -1;
	case OPTION_JSON:
		program->options.json = true;
		return -1;
	case 'h':
		print_clinic_help();
		return EXIT_SUCCESS;
	case OPTION_VERSION:
		puts("stipple-clinicd " STIPPLE_VERSION);
		return EXIT_SUCCESS;
	default:
		return 2;
	}
}

int main(int argc, char **argv)
{
	Program program = { .path = STIPPLE_CLINIC_CONFIG_FILE };
	Error error = { 0 };
	int option, r;

	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) >= 0) {
		int status = take_option(&program, option);

		if (status >= 0)
			return status;
	}
	r = main_run_command(&program, argv + optind, argc - optind, &error);
	close_program(&program);
	if (r < 0)
		log_error("stipple-clinicd: %s", error.text);
	return r == -ENOTSUP ? 2 : r != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
