/* SPDX-License-Identifier: Apache-2.0 */

/**
 * stipple-registryd: the station's way to the clinic's server. It is a program of its own because it reads
 * what others on the network send: it commands nothing, and when it dies the session goes on.
 */

#include <getopt.h>

#include "command.h"
#include "config/companion.h"
#include "registryd.h"
#include "util/log.h"

#ifndef STIPPLE_CONFIG_FILE
#define STIPPLE_CONFIG_FILE "/etc/stipple/stippled.conf"
#endif
#define STATE_FOLDER "/var/lib/stipple-registry"

/** `ret`: NULL when there is no server. */
static int start_registryd(Companion *companion, Registryd **ret)
{
	Error error;
	int r;

	if (!*companion->config->registry_server) {
		log_info("no server is configured: this station works alone");
		return 0;
	}
	r = registryd_new(companion->event, companion->config, companion->folder, companion_daemon_came,
		companion, ret, &error);
	if (r < 0)
		log_error("%s", error.text);
	return r;
}

/** Does not return if the program starts over. */
static int run_until_told(Companion *companion, char **argv)
{
	Registryd *registryd = NULL;
	int r = companion_open(companion);

	if (r >= 0)
		r = start_registryd(companion, &registryd);
	r = companion_run(companion, r);
	registryd_free(registryd);
	return companion_close(companion, r, argv);
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
	Companion companion = { .name = "stipple-registryd",
		.config_path = STIPPLE_CONFIG_FILE,
		.folder = STATE_FOLDER,
		.without = "the clinic's server is not asked" };
	int status = companion_read_options(&companion, argc, argv, print_registryd_help);

	if (status >= 0)
		return status;
	if (optind < argc)
		return command_run(companion.config_path, argv + optind, argc - optind);
	return run_until_told(&companion, argv);
}
