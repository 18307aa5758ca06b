/* SPDX-License-Identifier: Apache-2.0 */

/**
 * stipple-registryd: the station's way to the clinic's server. It is a program of its own because it reads
 * what others on the network send: it commands nothing, and when it dies the session goes on.
 */

#include <getopt.h>
#include <signal.h>
#include <string.h>

#include <systemd/sd-daemon.h>
#include <systemd/sd-event.h>

#include "command.h"
#include "config/config.h"
#include "registryd.h"
#include "util/file.h"
#include "util/log.h"
#include "util/program.h"

#ifndef STIPPLE_CONFIG_FILE
#define STIPPLE_CONFIG_FILE "/etc/stipple/stippled.conf"
#endif
#define STATE_FOLDER "/var/lib/stipple-registry"

typedef struct Program {
	const char *config_path, *folder;
	Config *config;
	sd_event *event;
	Registryd *registryd; /* NULL: there is no server */
	char *text;           /* the configuration, as it was read */
	bool again;           /* the program is to start over */
} Program;

/**
 * The whole configuration as text, or the reason why it cannot be read; the caller frees it. NULL when out
 * of memory.
 */
static char *read_registry_configuration(const char *path)
{
	_cleanup_(config_freep) Config *config = NULL;
	char *text = NULL;
	size_t size;
	Error error;
	FILE *file;

	if (config_load(path, &config, &error) < 0)
		return strdup(error.text);
	file = open_memstream(&text, &size);
	if (!file)
		return NULL;
	config_write(config, file);
	if (fclose(file) == 0)
		return text;
	free(text);
	return NULL;
}

static void start_again(Program *program)
{
	program->again = true;
	(void)sd_event_exit(program->event, 0);
}

/** The daemon has started, perhaps with another configuration than this program's. */
static void on_station_up(void *userdata)
{
	Program *program = userdata;
	_cleanup_(freep) char *text = read_registry_configuration(program->config_path);

	if (text && program->text && strcmp(text, program->text) != 0)
		start_again(program);
}

static int start_over_on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	start_again(userdata);
	return 0;
}

/** The daemon, too, refuses a configuration that cannot be read. */
static int load_registry_configuration(Program *program)
{
	Error error;

	program->text = read_registry_configuration(program->config_path);
	if (config_load(program->config_path, &program->config, &error) >= 0)
		return 0;
	log_line(LOG_ERR, LOG_ID_CONFIG_REJECTED, "the clinic's server is not asked: %s", error.text);
	return config_defaults(&program->config);
}

static int start_parts_of_program(Program *program)
{
	Error error;
	int r;

	if (!*program->config->registry_server) {
		log_info("no server is configured: this station works alone");
		return 0;
	}
	r = registryd_new(program->event, program->config, program->folder, on_station_up, program,
		&program->registryd, &error);
	if (r < 0)
		log_error("%s", error.text);
	return r;
}

static int start_registryd(Program *program)
{
	int r = load_registry_configuration(program);

	if (r < 0)
		return r;
	r = file_make_folders(program->folder);
	if (r < 0) {
		log_error("%s cannot be made (%s): create it for this program's user", program->folder,
			strerror(-r));
		return r;
	}
	if ((r = sd_event_default(&program->event)) < 0 ||
		(r = sd_event_add_signal(program->event, NULL, SIGTERM, NULL, NULL)) < 0 ||
		(r = sd_event_add_signal(program->event, NULL, SIGINT, NULL, NULL)) < 0 ||
		(r = sd_event_add_signal(program->event, NULL, SIGHUP, start_over_on_hangup, program)) < 0 ||
		(r = sd_event_set_watchdog(program->event, true)) < 0)
		return r;
	return start_parts_of_program(program);
}

/** Does not return if the program starts over. */
static int run_until_told(Program *program, char **argv)
{
	int r;

	program_block_signals();
	r = start_registryd(program);
	if (r >= 0) {
		(void)sd_notify(false, "READY=1");
		r = sd_event_loop(program->event);
	} else {
		log_error("stipple-registryd cannot start: %s", strerror(-r));
	}
	registryd_free(program->registryd);
	sd_event_unref(program->event);
	config_free(program->config);
	free(program->text);
	if (r >= 0 && program->again)
		return program_start_over(argv);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static void print_registryd_help(void)
{
	printf("Usage: stipple-registryd [OPTION]... [COMMAND]\n"
	       "Asks the clinic's server which cartridges this station holds, and mirrors its log there.\n\n"
	       "  join URL CODE       join the clinic whose server is at URL, with the code that\n"
	       "                      stipple-clinicd invite printed there; as root\n"
	       "  renew               renew the certificate now, which it does by itself in time\n\n"
	       "  -c, --config FILE   the station's configuration (default %s)\n"
	       "  -s, --state FOLDER  where it keeps the registry's log (default $STATE_DIRECTORY, else %s)\n"
	       "  -d, --debug         log more\n"
	       "  -h, --help          this text\n"
	       "      --version       the version\n\n"
	       "SIGTERM ends it; SIGHUP starts it over.\n",
		STIPPLE_CONFIG_FILE, STATE_FOLDER);
}

int main(int argc, char **argv)
{
	enum { OPTION_VERSION = 256 };
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "state", required_argument, NULL, 's' },
		{ "debug", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ 0 },
	};
	const char *folder = getenv("STATE_DIRECTORY");
	Program program = { .config_path = STIPPLE_CONFIG_FILE, .folder = folder ? folder : STATE_FOLDER };
	int option;

	while ((option = getopt_long(argc, argv, "c:s:dh", options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			program.config_path = optarg;
			break;
		case 's':
			program.folder = optarg;
			break;
		case 'd':
			log_set_level(LOG_DEBUG);
			break;
		case 'h':
			print_registryd_help();
			return EXIT_SUCCESS;
		case OPTION_VERSION:
			puts("stipple-registryd " STIPPLE_VERSION);
			return EXIT_SUCCESS;
		default:
			return 2;
		}
	}
	if (optind < argc)
		return command_run(program.config_path, argv + optind, argc - optind);
	return run_until_told(&program, argv);
}
