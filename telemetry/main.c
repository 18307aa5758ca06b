/* SPDX-License-Identifier: Apache-2.0 */

/**
 * stipple-telemetryd: publishes what the station records, and the station's state, to the clinic's broker.
 * It is a program of its own because it reads what others on the network send: it commands nothing, and when
 * it dies the session goes on.
 */

#include <getopt.h>

#include "config/companion.h"
#include "publisher.h"

#ifndef STIPPLE_CONFIG_FILE
#define STIPPLE_CONFIG_FILE "/etc/stipple/stippled.conf"
#endif
#define STATE_FOLDER "/var/lib/stipple-telemetry"

/** Does not return if the program starts over. */
static int publish_until_told(Companion *companion, char **argv)
{
	Publisher *publisher = NULL;
	int r = companion_open(companion);

	if (r >= 0 && companion->rejected)
		companion->config->mqtt_enabled = false;
	if (r >= 0)
		r = publisher_new(companion->event, companion->config, companion->folder,
			companion_daemon_came, companion, &publisher);
	r = companion_run(companion, r);
	publisher_free(publisher);
	return companion_close(companion, r, argv);
}

static void print_telemetry_help(void)
{
	printf("Usage: stipple-telemetryd [OPTION]...\n"
	       "Publishes what a treatment station records to the clinic's MQTT broker.\n\n"
	       "  -c, --config FILE   the station's configuration (default %s)\n"
	       "  -s, --state FOLDER  where it keeps how far it got (default $STATE_DIRECTORY, else %s)\n"
	       "  -d, --debug         log more\n"
	       "  -h, --help          this text\n"
	       "      --version       the version\n\n"
	       "SIGTERM ends it; SIGHUP starts it over.\n",
		STIPPLE_CONFIG_FILE, STATE_FOLDER);
}

int main(int argc, char **argv)
{
	Companion companion = { .name = "stipple-telemetryd",
		.config_path = STIPPLE_CONFIG_FILE,
		.folder = STATE_FOLDER,
		.without = "nothing is published" };
	int status = companion_read_options(&companion, argc, argv, print_telemetry_help);

	if (status >= 0)
		return status;
	if (optind < argc) {
		fprintf(stderr,
			"stipple-telemetryd: unexpected argument \"%s\"; see stipple-telemetryd --help\n",
			argv[optind]);
		return 2;
	}
	return publish_until_told(&companion, argv);
}
