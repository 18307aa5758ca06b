/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Runs the program that prints reports. It must not depend on what is printed, and must not wait without a
 * bound.
 */

#include "report/print.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util/clock.h"

enum { LINE_SHOWN = 256 };

/* ---- the process ---- */

/** `errors` receives the program's error output. */
static int start_printer(const Printer *printer, int html, int pdf, int errors, pid_t *ret)
{
	/* without a base URL the program cannot look for anything outside the page */
	const char *const arguments[] = { printer->program, "--quiet", "--encoding", "utf-8", "--base-url",
		"", "--pdf-variant", "pdf/ua-1", "-", "-", NULL };
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return -r;
	if (posix_spawn_file_actions_adddup2(&actions, html, STDIN_FILENO) != 0 ||
		posix_spawn_file_actions_adddup2(&actions, pdf, STDOUT_FILENO) != 0 ||
		posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO) != 0)
		r = ENOMEM;
	else
		r = posix_spawnp(ret, printer->program, &actions, NULL, (char *const *)arguments, environ);
	posix_spawn_file_actions_destroy(&actions);
	return -r;
}

/** 1: the process ended before the limit; 0: it did not. Negative errno: it cannot be watched. */
static int await_end(pid_t pid, int limit_ms)
{
	_cleanup_(closep) int fd = pidfd_open(pid, 0);
	struct pollfd end = { .fd = fd, .events = POLLIN };
	int64_t deadline = clock_monotonic_us() / 1000 + limit_ms;
	int r;

	if (fd < 0)
		return -errno;
	do {
		int64_t left = deadline - clock_monotonic_us() / 1000;

		r = poll(&end, 1, left > 0 ? (int)left : 0);
	} while (r < 0 && errno == EINTR);
	return r < 0 ? -errno : r;
}

static int reap_printer(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* ---- what it said ---- */

/** The last line that is not empty: in a Python traceback, that is the error. */
static void last_line(int errors, char ret[LINE_SHOWN])
{
	char text[4096];
	off_t size = lseek(errors, 0, SEEK_END);
	off_t from = size > (off_t)sizeof text - 1 ? size - ((off_t)sizeof text - 1) : 0;
	ssize_t n = pread(errors, text, sizeof text - 1, from);
	char *line;

	text[n > 0 ? n : 0] = '\0';
	while (n > 0 && strchr(" \t\r\n", text[n - 1]))
		text[--n] = '\0';
	line = strrchr(text, '\n');
	snprintf(ret, LINE_SHOWN, "%.200s", line ? line + 1 : text);
}

static bool is_pdf(int pdf)
{
	char magic[5];

	return pread(pdf, magic, sizeof magic, 0) == sizeof magic &&
	       memcmp(magic, "%PDF-", sizeof magic) == 0;
}

/** Explains why the program ended with `status` and printed nothing. */
static int explain_failure(const Printer *printer, int status, int errors, Error *error)
{
	char line[LINE_SHOWN];

	last_line(errors, line);
	if (WIFSIGNALED(status))
		return error_set(
			error, -EIO, "%s was ended by signal %d", printer->program, WTERMSIG(status));
	if (line[0])
		return error_set(error, -EIO, "%s failed: %.200s", printer->program, line);
	return error_set(error, -EIO, "%s failed with status %d and wrote no PDF", printer->program,
		WEXITSTATUS(status));
}

int print_pdf(const Printer *printer, int html, int pdf, Error *error)
{
	_cleanup_(closep) int errors = memfd_create("errors", MFD_CLOEXEC);
	pid_t pid;
	int r, status;

	if (errors < 0)
		return error_set(error, -EIO, "no memory for what %s says", printer->program);
	r = start_printer(printer, html, pdf, errors, &pid);
	if (r == -ENOENT)
		return error_set(error, -ENOPKG, "%s is not installed", printer->program);
	if (r < 0)
		return error_set(error, -EIO, "%s cannot be started: %s", printer->program, strerror(-r));
	r = await_end(pid, printer->limit_ms);
	if (r <= 0)
		kill(pid, SIGKILL);
	status = reap_printer(pid);
	if (r < 0)
		return error_set(error, -EIO, "%s cannot be watched: %s", printer->program, strerror(-r));
	if (r == 0)
		return error_set(error, -ETIME, "%s did not end within %d s and was stopped",
			printer->program, (printer->limit_ms + 999) / 1000);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || !is_pdf(pdf))
		return explain_failure(printer, status, errors, error);
	return 0;
}
