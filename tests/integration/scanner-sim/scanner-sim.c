/* SPDX-License-Identifier: Apache-2.0 */

/** A scanner for tests of the whole daemon: each line written into its FIFO is a code. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "stipple/plugin.h"

typedef struct Scanner {
	const StippleScannerSink *sink;
	pthread_t thread;
	int stop_fd, fifo;
} Scanner;

static void hand_on(const Scanner *scanner, const char *lines, size_t size)
{
	for (const char *end; size > 0 && (end = memchr(lines, '\n', size)) != NULL;) {
		size_t length = (size_t)(end - lines);

		scanner->sink->code(scanner->sink->context, lines, length);
		lines += length + 1;
		size -= length + 1;
	}
}

static void *run(void *userdata)
{
	Scanner *scanner = userdata;
	struct pollfd polls[] = { { .fd = scanner->stop_fd, .events = POLLIN },
		{ .fd = scanner->fifo, .events = POLLIN } };
	char lines[4096];

	scanner->sink->present(scanner->sink->context, true, "connected");
	while (poll(polls, 2, -1) >= 0 && !polls[0].revents) {
		ssize_t n = read(scanner->fifo, lines, sizeof lines);

		if (n > 0)
			hand_on(scanner, lines, (size_t)n);
	}
	return NULL;
}

static int scanner_open(const StippleHost *host, const StippleScannerSink *sink, void **ret_scanner,
	char error[STIPPLE_ERROR_MAX])
{
	Scanner *scanner = calloc(1, sizeof *scanner);
	int r;

	if (!scanner)
		return -ENOMEM;
	scanner->sink = sink;
	/* opened for both, so that a writer who leaves is no end of the file */
	scanner->fifo =
		host->n_settings == 1 ? open(host->settings[0].value, O_RDWR | O_NONBLOCK | O_CLOEXEC) : -1;
	scanner->stop_fd = eventfd(0, EFD_CLOEXEC);
	r = scanner->fifo < 0 ? -EINVAL : -pthread_create(&scanner->thread, NULL, run, scanner);
	if (r < 0) {
		snprintf(error, STIPPLE_ERROR_MAX, "scanner-sim has no FIFO: set fifo");
		close(scanner->stop_fd);
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
	close(scanner->fifo);
	close(scanner->stop_fd);
	free(scanner);
}

static const StippleScannerVtable vtable = {
	.size = sizeof(StippleScannerVtable),
	.open = scanner_open,
	.close = scanner_close,
};

const StipplePlugin stipple_plugin = {
	.magic = STIPPLE_PLUGIN_MAGIC,
	.abi = STIPPLE_PLUGIN_ABI,
	.size = sizeof(StipplePlugin),
	.kind = STIPPLE_PLUGIN_SCANNER,
	.name = "scanner-sim",
	.version = "1.0",
	.vtable = &vtable,
};
