/* SPDX-License-Identifier: Apache-2.0 */

/** Runs another program. A password must not be seen in the list of processes. */

#include "tool.h"

#include <fcntl.h>
#include <grp.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <libpq-fe.h>

enum { STATUS_NOT_FOUND = 127, STATUS_NOT_ALLOWED = 126 };

/** What the connection says, as the environment of libpq. False: it cannot be read. */
static bool set_connection(const char *connection)
{
	PQconninfoOption *options = PQconninfoParse(connection, NULL);
	bool done = options != NULL;

	for (PQconninfoOption *option = options; option && option->keyword; option++)
		if (option->val && option->envvar)
			done = setenv(option->envvar, option->val, 1) == 0 && done;
	PQconninfoFree(options);
	return done;
}

static bool become_for_good(const Owner *owner)
{
	if (getuid() != 0 || owner->uid == 0)
		return true;
	return seteuid(0) == 0 && setgroups(0, NULL) == 0 &&
	       setresgid(owner->gid, owner->gid, owner->gid) == 0 &&
	       setresuid(owner->uid, owner->uid, owner->uid) == 0;
}

static bool set_descriptors(const Tool *tool, int errors)
{
	int none = open("/dev/null", O_RDWR | O_CLOEXEC);

	return none >= 0 && dup2(tool->in >= 0 ? tool->in : none, STDIN_FILENO) >= 0 &&
	       dup2(tool->out >= 0 ? tool->out : none, STDOUT_FILENO) >= 0 &&
	       dup2(errors, STDERR_FILENO) >= 0;
}

/** In the child: becomes the program. */
static _Noreturn void become_tool(const Tool *tool, int errors)
{
	if (!set_descriptors(tool, errors) || !become_for_good(&tool->owner) ||
		!set_connection(tool->connection) || chdir("/") < 0)
		_exit(STATUS_NOT_ALLOWED);
	execvp(tool->words[0], (char *const *)tool->words);
	_exit(errno == ENOENT ? STATUS_NOT_FOUND : STATUS_NOT_ALLOWED);
}

static void last_error_line(int errors, char ret[256])
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
	snprintf(ret, 256, "%.250s", line ? line + 1 : text);
}

int tool_run(const Tool *tool, Error *error)
{
	_cleanup_(closep) int errors = memfd_create("errors", MFD_CLOEXEC);
	char line[256];
	int status = 0;
	pid_t pid;

	if (errors < 0)
		return error_set(error, -EIO, "no memory for what %s says", tool->words[0]);
	pid = fork();
	if (pid < 0)
		return error_set(error, -EIO, "%s cannot be started: %s", tool->words[0], strerror(errno));
	if (pid == 0)
		become_tool(tool, errors);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFEXITED(status) && WEXITSTATUS(status) == STATUS_NOT_FOUND)
		return error_set(
			error, -ENOPKG, "%s is not installed: install postgresql-client", tool->words[0]);
	last_error_line(errors, line);
	return error_set(error, -EIO, "%s failed: %s", tool->words[0], line[0] ? line : "it did not say why");
}
