/* SPDX-License-Identifier: Apache-2.0 */

/**
 * stipple-enable-low: drives the needle's ENABLE line inactive after the daemon has ended, for whatever
 * reason.
 *
 * systemd runs it as the unit's ExecStopPost=. A kernel may keep the level of a line after the process that
 * held it died (docs/deployment.md), and ENABLE would stay active. The program reads only ENABLE's settings
 * from the daemon's configuration, and must not depend on the daemon: it ignores errors elsewhere in the
 * files, asks again for a while for a line that another process holds, and is ended by an alarm after
 * ALARM_S if it hangs.
 */

#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/ini-file.h"
#include "gpio-lines.h"

enum { ALARM_S = 8, BUSY_TRIES = 50, BUSY_MS = 100 };

typedef struct Settings {
	char plugin[GPIO_NAME_MAX];
	GpioOptions gpio;
} Settings;

static void copy_setting(const char *value, char *ret, size_t size)
{
	if (value[0] && strlen(value) < size)
		memcpy(ret, value, strlen(value) + 1);
}

/** Takes the keys that it knows, and leaves the rest to the daemon. */
static int take_enable_entry(void *userdata, const IniEntry *entry, Error *error)
{
	Settings *settings = userdata;
	GpioLineOptions *enable = &settings->gpio.lines[STIPPLE_LINE_ENABLE];

	if (strcmp(entry->section, "board") == 0 && strcmp(entry->key, "plugin") == 0)
		copy_setting(entry->value, settings->plugin, sizeof settings->plugin);
	if (strcmp(entry->section, "plugin.board-spi") != 0)
		return 0;
	if (strcmp(entry->key, "chip") == 0)
		copy_setting(entry->value, settings->gpio.chip, sizeof settings->gpio.chip);
	else if (strcmp(entry->key, "line_enable") == 0)
		copy_setting(entry->value, enable->name, sizeof enable->name);
	else if (strcmp(entry->key, "polarity_enable") == 0)
		enable->active_low = strcmp(entry->value, "low") == 0;
	return 0;
}

/** Reads a file as far as possible: a missing file is no error, and a wrong line does not undo the lines
 * before it. */
static int read_file(const char *path, void *userdata, Error *error)
{
	Error flaw = { 0 };
	int r = ini_file_read(path, take_enable_entry, userdata, &flaw);

	if (r < 0 && r != -ENOENT)
		fprintf(stderr, "stipple-enable-low: %s; going on with what was read\n", flaw.text);
	return 0;
}

static void read_enable_settings(const char *path, Settings *settings)
{
	snprintf(settings->plugin, sizeof settings->plugin, "board-spi");
	snprintf(settings->gpio.lines[STIPPLE_LINE_ENABLE].name, GPIO_NAME_MAX, "%s", GPIO_ENABLE_NAME);
	(void)!ini_files_each(path, read_file, settings, NULL);
}

static int drop_enable(const GpioOptions *options, char error[STIPPLE_ERROR_MAX])
{
	int r = gpio_lines_drop_enable(options, error);

	for (int i = 1; i < BUSY_TRIES && r == -EBUSY; i++) {
		(void)poll(NULL, 0, BUSY_MS);
		r = gpio_lines_drop_enable(options, error);
	}
	return r;
}

static int drop_or_show(const char *path, int show)
{
	Settings settings = { .plugin = "" };
	const GpioLineOptions *enable = &settings.gpio.lines[STIPPLE_LINE_ENABLE];
	char error[STIPPLE_ERROR_MAX] = "";
	int r;

	read_enable_settings(path, &settings);
	if (strcmp(settings.plugin, "board-spi") != 0) {
		printf("[board] plugin = %s has no line that could stay active\n", settings.plugin);
		return EXIT_SUCCESS;
	}
	if (show) {
		printf("%s of %s would be driven %s\n", enable->name,
			settings.gpio.chip[0] ? settings.gpio.chip : "the first chip that has it",
			enable->active_low ? "high" : "low");
		return EXIT_SUCCESS;
	}
	r = drop_enable(&settings.gpio, error);
	if (r == -ENODEV) { /* without the line the daemon cannot have driven it either */
		printf("%s\n", error);
		return EXIT_SUCCESS;
	}
	if (r < 0) {
		fprintf(stderr, "stipple-enable-low: ENABLE was not driven to its safe level: %s\n", error);
		return EXIT_FAILURE;
	}
	printf("%s was driven %s\n", enable->name, enable->active_low ? "high" : "low");
	return EXIT_SUCCESS;
}

static void print_enable_help(FILE *to)
{
	fprintf(to,
		"Usage: stipple-enable-low [OPTION]...\n"
		"Drives the needle's ENABLE line to its safe level, for when no daemon does.\n\n"
		"  -c, --config FILE  the daemon's configuration (default %s)\n"
		"  -n, --show         say what would be driven, and touch nothing\n"
		"  -h, --help         this text\n"
		"      --version      the version\n",
		STIPPLE_CONFIG_FILE);
}

int main(int argc, char **argv)
{
	enum { OPTION_VERSION = 256 };
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "show", no_argument, NULL, 'n' },
		{ "help", no_argument, NULL, 'h' },
		{ "version", no_argument, NULL, OPTION_VERSION },
		{ 0 },
	};
	const char *path = STIPPLE_CONFIG_FILE;
	int option, show = 0;

	while ((option = getopt_long(argc, argv, "c:nh", options, NULL)) >= 0) {
		switch (option) {
		case 'c':
			path = optarg;
			break;
		case 'n':
			show = 1;
			break;
		case 'h':
			print_enable_help(stdout);
			return EXIT_SUCCESS;
		case OPTION_VERSION:
			puts("stipple-enable-low " STIPPLE_VERSION);
			return EXIT_SUCCESS;
		default:
			return 2;
		}
	}
	if (optind < argc) {
		print_enable_help(stderr);
		return 2;
	}
	(void)alarm(ALARM_S);
	return drop_or_show(path, show);
}
