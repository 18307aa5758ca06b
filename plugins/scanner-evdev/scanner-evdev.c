/* SPDX-License-Identifier: Apache-2.0 */

/**
 * A barcode scanner that acts as a keyboard, read through libevdev on a thread of its own. The plugin takes
 * the device exclusively, because scanned codes must not be typed anywhere else. A missing device must not
 * delay the daemon.
 */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <syslog.h>
#include <unistd.h>

#include <libevdev/libevdev.h>

#include "key-translator.h"
#include "stipple/setting.h"

enum { PATH_BYTES_MAX = 256, REOPEN_MS = 1000, SENTENCE_MAX = 256 };

typedef struct Scanner {
	const StippleHost *host;
	const StippleScannerSink *sink;
	char path[PATH_BYTES_MAX];
	pthread_t thread;
	int stop_fd; /* readable: the thread is to end */
	/* the thread's own */
	int fd; /* of the device, -1 while it is away */
	struct libevdev *device;
	KeyTranslator translator;
	char told[SENTENCE_MAX]; /* the last sentence, so that none is reported twice */
} Scanner;

/* ---- the device ---- */

static void tell_sink(Scanner *scanner, bool present, const char *text)
{
	if (strcmp(scanner->told, text) == 0)
		return;
	snprintf(scanner->told, sizeof scanner->told, "%.*s", (int)sizeof scanner->told - 1, text);
	scanner->sink->present(scanner->sink->context, present, text);
}

static void release_device(Scanner *scanner)
{
	if (scanner->device) {
		(void)libevdev_grab(scanner->device, LIBEVDEV_UNGRAB);
		libevdev_free(scanner->device);
	}
	if (scanner->fd >= 0)
		close(scanner->fd);
	scanner->device = NULL;
	scanner->fd = -1;
}

static void lose_device(Scanner *scanner, const char *verb, int error)
{
	char text[SENTENCE_MAX];

	release_device(scanner);
	snprintf(text, sizeof text, "scanner %.100s %s (%s): %s", scanner->path, verb, strerror(error),
		error == EACCES  ? "let the daemon's user into its group"
		: error == EBUSY ? "another program has taken it: stop that one"
				 : "connect it; it is taken again when it is back");
	tell_sink(scanner, false, text);
}

/**
 * Takes the device exclusively: otherwise scanned codes would also be typed into the console or window with
 * the focus.
 */
static void take_device(Scanner *scanner)
{
	int r;

	scanner->fd = open(scanner->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	r = scanner->fd < 0 ? -errno : libevdev_new_from_fd(scanner->fd, &scanner->device);
	if (r >= 0)
		r = libevdev_has_event_code(scanner->device, EV_KEY, KEY_ENTER)
			    ? libevdev_grab(scanner->device, LIBEVDEV_GRAB)
			    : -ENOTTY;
	if (r < 0) {
		lose_device(scanner, r == -ENOTTY ? "is no keyboard" : "cannot be opened", -r);
		return;
	}
	key_translator_reset(&scanner->translator);
	tell_sink(scanner, true, "connected");
}

/* ---- events ---- */

static void take_scanner_key(Scanner *scanner, const struct input_event *event)
{
	const KeyTranslator *translator = &scanner->translator;

	switch (key_translator_feed(&scanner->translator, event->code, event->value)) {
	case KEY_RESULT_CODE:
		scanner->sink->code(scanner->sink->context, translator->text, translator->length);
		break;
	case KEY_RESULT_DROPPED:
		scanner->host->log(scanner->host->context, LOG_WARNING,
			"a scanned code was not whole and has been dropped; scan it again");
		break;
	case KEY_RESULT_MORE:
		break;
	}
}

/** Reads all waiting events. */
static void read_device(Scanner *scanner)
{
	unsigned flag = LIBEVDEV_READ_FLAG_NORMAL;

	for (;;) {
		struct input_event event;
		int r = libevdev_next_event(scanner->device, flag, &event);

		if (r == -EAGAIN && flag == LIBEVDEV_READ_FLAG_SYNC) {
			flag = LIBEVDEV_READ_FLAG_NORMAL;
			continue;
		}
		if (r == -EAGAIN || r == -EINTR)
			return;
		if (r < 0) {
			lose_device(scanner, "has gone", -r);
			return;
		}
		if (r == LIBEVDEV_READ_STATUS_SYNC && flag == LIBEVDEV_READ_FLAG_NORMAL) {
			flag = LIBEVDEV_READ_FLAG_SYNC;
			key_translator_lost(&scanner->translator);
		}
		if (event.type == EV_KEY)
			take_scanner_key(scanner, &event);
	}
}

static void *run_scanner(void *userdata)
{
	Scanner *scanner = userdata;

	(void)pthread_setname_np(pthread_self(), "scanner");
	for (;;) {
		struct pollfd polls[2] = { { .fd = scanner->stop_fd, .events = POLLIN },
			{ .events = POLLIN } };

		if (scanner->fd < 0)
			take_device(scanner);
		polls[1].fd = scanner->fd; /* poll() ignores -1 */
		if (poll(polls, 2, scanner->fd < 0 ? REOPEN_MS : -1) < 0 && errno != EINTR)
			break;
		if (polls[0].revents)
			break;
		if (polls[1].revents)
			read_device(scanner);
	}
	release_device(scanner);
	return NULL;
}

/* ---- settings and life ---- */

static int take_scanner_setting(
	Scanner *scanner, const StippleSetting *setting, char error[STIPPLE_ERROR_MAX])
{
	bool tab = strcmp(setting->value, "tab") == 0;
	const char *allowed = "unknown: device and terminator are known";

	if (strcmp(setting->key, "device") == 0) {
		if (setting->value[0] == '/')
			return stipple_setting_text(
				setting, "scanner-evdev", scanner->path, sizeof scanner->path, error);
		allowed = "an absolute path such as /dev/input/by-id/usb-...-event-kbd";
	} else if (strcmp(setting->key, "terminator") == 0) {
		scanner->translator.terminator = tab ? KEY_TERMINATOR_TAB : KEY_TERMINATOR_ENTER;
		if (tab || strcmp(setting->value, "enter") == 0)
			return 0;
		allowed = "enter or tab";
	}
	return stipple_setting_refuse(setting, "scanner-evdev", allowed, error);
}

static int take_settings(Scanner *scanner, char error[STIPPLE_ERROR_MAX])
{
	for (size_t i = 0; i < scanner->host->n_settings; i++) {
		int r = take_scanner_setting(scanner, &scanner->host->settings[i], error);

		if (r < 0)
			return r;
	}
	if (scanner->path[0])
		return 0;
	snprintf(error, STIPPLE_ERROR_MAX,
		"scanner-evdev has no device: set device = /dev/input/by-id/... in [plugin.scanner-evdev]");
	return -EINVAL;
}

static int start_scanner_thread(Scanner *scanner, char error[STIPPLE_ERROR_MAX])
{
	int r = 0;

	scanner->stop_fd = eventfd(0, EFD_CLOEXEC);
	if (scanner->stop_fd < 0)
		r = -errno;
	else
		r = -pthread_create(&scanner->thread, NULL, run_scanner, scanner);
	if (r < 0)
		snprintf(error, STIPPLE_ERROR_MAX,
			"scanner-evdev cannot start its thread (%s): close other programs", strerror(-r));
	if (r < 0 && scanner->stop_fd >= 0)
		close(scanner->stop_fd);
	return r;
}

static int scanner_open(const StippleHost *host, const StippleScannerSink *sink, void **ret_scanner,
	char error[STIPPLE_ERROR_MAX])
{
	Scanner *scanner = calloc(1, sizeof *scanner);
	int r;

	if (!scanner) {
		snprintf(error, STIPPLE_ERROR_MAX, "scanner-evdev is out of memory: close other programs");
		return -ENOMEM;
	}
	scanner->host = host;
	scanner->sink = sink;
	scanner->fd = -1;
	if ((r = take_settings(scanner, error)) < 0 || (r = start_scanner_thread(scanner, error)) < 0) {
		free(scanner);
		return r;
	}
	*ret_scanner = scanner;
	return 0;
}

static void scanner_close(void *userdata)
{
	Scanner *scanner = userdata;

	(void)eventfd_write(scanner->stop_fd, 1);
	pthread_join(scanner->thread, NULL);
	close(scanner->stop_fd);
	free(scanner);
}

static const StippleScannerVtable vtable = {
	.size = sizeof(StippleScannerVtable),
	.open = scanner_open,
	.close = scanner_close,
};

STIPPLE_PLUGIN_EXPORT(STIPPLE_PLUGIN_SCANNER, "scanner-evdev", "1.0", vtable);
