/* SPDX-License-Identifier: Apache-2.0 */

/**
 * stipple-clinicd: the clinic's server, which mirrors the log of every station. It must not reach into a
 * station: stations ask, it answers.
 */

#include <getopt.h>
#include <signal.h>
#include <string.h>

#include <systemd/sd-daemon.h>

#include "clinic-config.h"
#include "server.h"
#include "util/log.h"

#ifndef STIPPLE_CLINIC_CONFIG_FILE
#define STIPPLE_CLINIC_CONFIG_FILE "/etc/stipple/clinicd.conf"
#endif

typedef struct Program {
	ClinicConfig config;
	Clinic clinic;
	Database *database;
	NoteSigner *mirror, *registry; /* keys */
} Program;

static int open_program(Program *program, const char *path, Error *error)
{
	int r = clinic_config_load(path, &program->config, error);

	if (r < 0)
		return r;
	r = note_signer_load(program->config.mirror_key, &program->mirror, error);
	r = r < 0 ? r : note_signer_load(program->config.registry_key, &program->registry, error);
	if (r < 0)
		return r;
	r = database_new(program->config.connection, SERVER_THREADS, &program->database);
	if (r < 0)
		return error_set(error, r, "no memory");
	program->clinic =
		(Clinic){ { program->database, program->mirror }, { program->database, program->registry } };
	return database_migrate(program->database, error);
}

static void close_program(Program *program)
{
	database_free(program->database);
	note_signer_free(program->mirror);
	note_signer_free(program->registry);
	clinic_config_clear(&program->config);
}

static int serve(Program *program, Error *error)
{
	Server *server;
	sigset_t ends;
	int number, r;

	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	r = server_start(&program->config, &program->clinic, &server, error);
	if (r < 0)
		return r;
	log_notice("listening on %s port %u", program->config.address, server_port(server));
	(void)sd_notify(false, "READY=1");
	(void)sigwait(&ends, &number);
	server_stop(server);
	return 0;
}

static int enrol(Program *program, const char *name, const char *key, Error *error)
{
	PGconn *connection;
	int r = database_take(program->database, &connection, error);

	if (r < 0)
		return r;
	r = station_enrol(connection, name, key, error);
	database_give(program->database, connection);
	if (r >= 0)
		printf("the station \"%s\" is enrolled\n", name);
	return r;
}

static int print_keys(Program *program)
{
	char text[NOTE_KEY_MAX];
	NoteVerifier cosigner;

	note_signer_cosigner(program->mirror, &cosigner);
	note_verifier_write(&cosigner, text);
	printf("mirror   %s\n", text);
	note_verifier_write(note_signer_verifier(program->registry), text);
	printf("registry %s\n", text);
	return 0;
}

static int run_command(Program *program, char **words, int n, Error *error)
{
	if (n == 0)
		return serve(program, error);
	if (n == 3 && strcmp(words[0], "enrol") == 0)
		return enrol(program, words[1], words[2], error);
	if (n == 1 && strcmp(words[0], "keys") == 0)
		return print_keys(program);
	return error_set(error, -ENOTSUP, "the words were not understood; see stipple-clinicd --help");
}

static void print_clinic_help(void)
{
	printf("Usage: stipple-clinicd [OPTION]... [COMMAND]\n"
	       "The clinic's server: one registry of cartridges, and the log of every station mirrored.\n\n"
	       "Without a command it serves until SIGTERM.\n"
	       "  enrol NAME KEY      let the station NAME, whose log has the public KEY, be mirrored\n"
	       "  keys                the public keys that its cosignatures and its grants are verified with\n\n"
	       "  -c, --config FILE   its configuration (default %s)\n"
	       "  -h, --help          this text\n"
	       "      --version       the version\n\n"
	       "Exit status: 0 done, 1 refused or failed, 2 the words were not understood.\n",
		STIPPLE_CLINIC_CONFIG_FILE);
}

int main(int argc, char **argv)
{
	enum { OPTION_VERSION = 256 };
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ 0 },
	};
	const char *path = STIPPLE_CLINIC_CONFIG_FILE;
	Program program = { 0 };
	Error error = { 0 };
	int option, r;

	while ((option = getopt_long(argc, argv, "c:h", options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
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
	r = open_program(&program, path, &error);
	r = r < 0 ? r : run_command(&program, argv + optind, argc - optind, &error);
	close_program(&program);
	if (r < 0)
		log_error("stipple-clinicd: %s", error.text);
	return r == -ENOTSUP ? 2 : r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
