/* SPDX-License-Identifier: Apache-2.0 */

/** stippled: its command line. process/ holds its life and its parts. */

#include <getopt.h>

#include "process/process.h"
#include "util/clock.h"
#include "util/log.h"

#ifndef STIPPLE_CONFIG_FILE
#define STIPPLE_CONFIG_FILE "/etc/stipple/stippled.conf"
#endif

static void print_daemon_help(void)
{
	printf("Usage: stippled [OPTION]...\n"
	       "The daemon of a scalp-micropigmentation treatment station.\n\n"
	       "  -c, --config FILE  configuration (default %s)\n"
	       "      --check        read the configuration, say what is wrong with it, and leave\n"
	       "  -d, --debug        log more\n"
	       "  -h, --help         this text\n"
	       "      --version      the version\n\n"
	       "SIGTERM stops the needle and leaves; SIGHUP takes a new configuration while no session is open.\n",
		STIPPLE_CONFIG_FILE);
}

static int say_whether_good(const char *path)
{
	Error error;

	if (process_check_configuration(path, NULL, &error) < 0) {
		fprintf(stderr, "%s\n", error.text);
		return EXIT_FAILURE;
	}
	printf("%s: good\n", path);
	return EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	enum { OPTION_CHECK = 256, OPTION_VERSION };
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check", no_argument, NULL, OPTION_CHECK },
		{ "debug", no_argument, NULL, 'd' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ 0 },
	};
	Process process = { .config_path = STIPPLE_CONFIG_FILE, .clock = &clock_system };
	bool check = false;
	int option;

	while ((option = getopt_long(argc, argv, "c:dh", options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			process.config_path = optarg;
			break;
		case OPTION_CHECK:
			check = true;
			break;
		case 'd':
			log_set_level(LOG_DEBUG);
			break;
		case 'h':
			print_daemon_help();
			return EXIT_SUCCESS;
		case OPTION_VERSION:
			puts("stippled " STIPPLE_VERSION);
			return EXIT_SUCCESS;
		default:
			return 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "stippled: unexpected argument \"%s\"; see stippled --help\n", argv[optind]);
		return 2;
	}
	if (check)
		return say_whether_good(process.config_path);
	return process_run(&process, argv);
}
