/* SPDX-License-Identifier: Apache-2.0 */

/** The life of a program beside the daemon. It must not know what the program does. */

#include "config/companion.h"

#include <getopt.h>
#include <signal.h>
#include <string.h>

#include <systemd/sd-daemon.h>

#include "util/file.h"
#include "util/log.h"
#include "util/program.h"

int companion_read_options(Companion *companion, int argc, char **argv, void (*print_help)(void))
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
	int option;

	if (folder)
		companion->folder = folder;
	while ((option = getopt_long(argc, argv, "c:s:dh", options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			companion->config_path = optarg;
			break;
		case 's':
			companion->folder = optarg;
			break;
		case 'd':
			log_set_level(LOG_DEBUG);
			break;
		case 'h':
			print_help();
			return EXIT_SUCCESS;
		case OPTION_VERSION:
			printf("%s " STIPPLE_VERSION "\n", companion->name);
			return EXIT_SUCCESS;
		default:
			return 2;
		}
	}
	return -1;
}

/* ---- the configuration ---- */

/**
 * The whole configuration as text, or the reason why it cannot be read; the caller frees it. NULL when out
 * of memory.
 */
static char *read_as_text(const char *path)
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

/**
 * The daemon, too, refuses a configuration that cannot be read; once it is mended, this program starts over.
 */
static int load_or_default(Companion *companion)
{
	Error error;

	companion->text = read_as_text(companion->config_path);
	if (config_load(companion->config_path, &companion->config, &error) >= 0)
		return 0;
	log_line(LOG_ERR, LOG_ID_CONFIG_REJECTED, "%s: %s", companion->without, error.text);
	companion->rejected = true;
	return config_defaults(&companion->config);
}

/* ---- starting over ---- */

static void end_to_start_over(Companion *companion)
{
	companion->again = true;
	(void)sd_event_exit(companion->event, 0);
}

void companion_daemon_came(void *userdata)
{
	Companion *companion = userdata;
	_cleanup_(freep) char *text = read_as_text(companion->config_path);

	if (text && companion->text && strcmp(text, companion->text) != 0)
		end_to_start_over(companion);
}

static int on_companion_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata)
{
	end_to_start_over(userdata);
	return 0;
}

/* ---- life ---- */

int companion_open(Companion *companion)
{
	int r;

	program_block_signals();
	r = load_or_default(companion);
	if (r < 0)
		return r;
	r = file_make_folders(companion->folder);
	if (r < 0) {
		log_error("%s cannot be made (%s): create it for this program's user", companion->folder,
			strerror(-r));
		return r;
	}
	if ((r = sd_event_default(&companion->event)) < 0 ||
		(r = sd_event_add_signal(companion->event, NULL, SIGTERM, NULL, NULL)) < 0 ||
		(r = sd_event_add_signal(companion->event, NULL, SIGINT, NULL, NULL)) < 0 ||
		(r = sd_event_add_signal(companion->event, NULL, SIGHUP, on_companion_hangup, companion)) <
			0 ||
		(r = sd_event_set_watchdog(companion->event, true)) < 0)
		return r;
	return 0;
}

int companion_run(Companion *companion, int r)
{
	if (r < 0) {
		log_error("%s cannot start: %s", companion->name, strerror(-r));
		return r;
	}
	(void)sd_notify(false, "READY=1");
	return sd_event_loop(companion->event);
}

int companion_close(Companion *companion, int r, char **argv)
{
	sd_event_unref(companion->event);
	config_free(companion->config);
	free(companion->text);
	if (r >= 0 && companion->again)
		return program_start_over(argv);
	return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}
