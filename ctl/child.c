/* SPDX-License-Identifier: Apache-2.0 */

/** Runs another program. It must not wait for it without a bound, and knows nothing of what it does. */

#include "child.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"
#include "util/clock.h"

static int start_child(const Child *child, int errors, pid_t *ret)
{
	posix_spawn_file_actions_t actions;
	int r = posix_spawn_file_actions_init(&actions);

	if (r != 0)
		return -r;
	if (posix_spawn_file_actions_adddup2(&actions, child->in, STDIN_FILENO) != 0 ||
		posix_spawn_file_actions_adddup2(&actions, child->out, STDOUT_FILENO) != 0 ||
		posix_spawn_file_actions_adddup2(&actions, errors, STDERR_FILENO) != 0)
		r = ENOMEM;
	else
		r = posix_spawnp(
			ret, child->arguments[0], &actions, NULL, (char *const *)child->arguments, environ);
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

static int reap_child(pid_t pid)
{
	int status = 0;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/** The last line that is not empty: in a Python traceback, that is the error. */
static void last_line(int errors, char ret[CHILD_LINE_MAX])
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
	snprintf(ret, CHILD_LINE_MAX, "%.200s", line ? line + 1 : text);
}

int child_run(const Child *child, ChildEnd *ret, Error *error)
{
	_cleanup_(closep) int errors = memfd_create("errors", MFD_CLOEXEC);
	const char *program = child->arguments[0];
	ChildEnd end = { 0 };
	pid_t pid;
	int r;

	if (errors < 0)
		return error_set(error, -EIO, "no memory for what %s says", program);
	unsetenv(CTL_TOKEN_VARIABLE);
	r = start_child(child, errors, &pid);
	if (r == -ENOENT)
		return error_set(error, -ENOPKG, "%s is not installed", program);
	if (r < 0)
		return error_set(error, -EIO, "%s cannot be started: %s", program, strerror(-r));
	r = await_end(pid, child->limit_ms);
	if (r <= 0)
		kill(pid, SIGKILL);
	end.status = reap_child(pid);
	if (r < 0)
		return error_set(error, -EIO, "%s cannot be watched: %s", program, strerror(-r));
	if (r == 0)
		return error_set(error, -ETIME, "%s did not end within %d s and was stopped", program,
			(child->limit_ms + 999) / 1000);
	last_line(errors, end.line);
	*ret = end;
	return 0;
}
