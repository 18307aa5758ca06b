/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Runs lp and lpstat. It must not wait for a print service that hangs, and does not know what is printed. It
 * reads what these programs say in the C locale, which it sets for them.
 */

#include "label/label-print.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"
#include "util/cleanup.h"

enum { CHECK_LIMIT_MS = 15000, PRINT_LIMIT_MS = 30000, SAID_MAX = 2048 };

#define NAME_MAX_OF_CUPS 127

bool label_printer_name_ok(const char *printer)
{
	if (!printer[0] || printer[0] == '-' || strlen(printer) > NAME_MAX_OF_CUPS)
		return false;
	for (; *printer; printer++)
		if ((unsigned char)*printer <= ' ' || strchr("/#\x7f,", *printer))
			return false;
	return true;
}

/** Runs the program in the C locale; `ret` gets its output. */
static int run_and_hear(const char *const *arguments, int in, int limit_ms, ChildEnd *ret_end,
	char ret[SAID_MAX], Error *error)
{
	_cleanup_(closep) int said = memfd_create("said", MFD_CLOEXEC);
	const Child child = { arguments, in, said, limit_ms };
	ssize_t n;
	int r;

	if (said < 0 || setenv("LC_ALL", "C", 1) < 0)
		return error_set(error, -EIO, "no memory for what %s says", arguments[0]);
	r = child_run(&child, ret_end, error);
	if (r == -ENOPKG)
		return error_set(error, r,
			"%s is not installed: install the package cups-client, or write a "
			"file with -o",
			arguments[0]);
	if (r == -ETIME)
		return error_set(error, r,
			"the print service did not answer within %d s: look at `systemctl status cups`, or write "
			"a file with -o",
			limit_ms / 1000);
	if (r < 0)
		return r;
	n = pread(said, ret, SAID_MAX - 1, 0);
	ret[n > 0 ? n : 0] = '\0';
	return 0;
}

static bool ended_well(const ChildEnd *end)
{
	return WIFEXITED(end->status) && WEXITSTATUS(end->status) == 0;
}

/** The second line is the reason, where somebody or the printer gave one. */
static void find_reason(const char *said, char ret[128])
{
	const char *line = strchr(said, '\n');

	if (line)
		line += strspn(line, " \t\n");
	snprintf(ret, 128, "%s%.*s", line && *line ? ", " : "", line ? (int)strcspn(line, "\n") : 0,
		line ? line : "");
}

int label_printer_check(const char *printer, Error *error)
{
	const char *const state[] = { "lpstat", "-p", printer, NULL };
	const char *const takes[] = { "lpstat", "-a", printer, NULL };
	char said[SAID_MAX], reason[128];
	ChildEnd end;
	int r = run_and_hear(state, STDIN_FILENO, CHECK_LIMIT_MS, &end, said, error);

	if (r < 0)
		return r;
	if (!ended_well(&end))
		return error_set(error, -ENODEV,
			"there is no printer \"%.60s\" here (%.100s): `lpstat -p` lists those that there are, or "
			"write a file with -o",
			printer, end.line);
	if (strstr(said, " disabled since ")) {
		find_reason(said, reason);
		return error_set(error, -EBUSY,
			"printer %.60s is stopped%s: see to it, then `cupsenable %.60s`, or write a file with -o",
			printer, reason, printer);
	}
	r = run_and_hear(takes, STDIN_FILENO, CHECK_LIMIT_MS, &end, said, error);
	if (r < 0)
		return r;
	if (ended_well(&end) && !strstr(said, " not accepting "))
		return 0;
	return error_set(error, -EBUSY,
		"printer %.60s takes no jobs: `cupsaccept %.60s`, or write a file with -o", printer, printer);
}

int label_print(const PrintJob *job, char ret[PRINT_JOB_NAME_MAX], Error *error)
{
	static const char before[] = "request id is ";
	char media[64], said[SAID_MAX];
	const char *const arguments[] = { "lp", "-d", job->printer, "-t", job->title, "-o", media, "-o",
		"print-scaling=none", "-", NULL };
	ChildEnd end;
	int r;

	snprintf(media, sizeof media, "media=Custom.%dx%dmm", job->width_mm, job->height_mm);
	(void)lseek(job->document, 0, SEEK_SET);
	r = run_and_hear(arguments, job->document, PRINT_LIMIT_MS, &end, said, error);
	if (r < 0)
		return r;
	if (!ended_well(&end))
		return error_set(error, -EIO, "lp failed: %.200s", end.line);
	snprintf(ret, PRINT_JOB_NAME_MAX, "%.*s",
		strncmp(said, before, strlen(before)) == 0 ? (int)strcspn(said + strlen(before), " \n") : 0,
		said + (strncmp(said, before, strlen(before)) == 0 ? strlen(before) : 0));
	return 0;
}
