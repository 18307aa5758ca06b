/* SPDX-License-Identifier: Apache-2.0 */

/** Runs the program that prints reports. It must not depend on what is printed. */

#include "report/print.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "child.h"

static bool is_pdf(int pdf)
{
	char magic[5];

	return pread(pdf, magic, sizeof magic, 0) == sizeof magic &&
	       memcmp(magic, "%PDF-", sizeof magic) == 0;
}

/** Explains why the program ended and printed nothing. */
static int explain_failure(const Printer *printer, const ChildEnd *end, Error *error)
{
	if (WIFSIGNALED(end->status))
		return error_set(
			error, -EIO, "%s was ended by signal %d", printer->program, WTERMSIG(end->status));
	if (end->line[0])
		return error_set(error, -EIO, "%s failed: %.200s", printer->program, end->line);
	return error_set(error, -EIO, "%s failed with status %d and wrote no PDF", printer->program,
		WEXITSTATUS(end->status));
}

int print_pdf(const Printer *printer, int html, int pdf, Error *error)
{
	/* without a base URL the program cannot look for anything outside the page */
	const char *const arguments[] = { printer->program, "--quiet", "--encoding", "utf-8", "--base-url",
		"", "--pdf-variant", "pdf/ua-1", "-", "-", NULL };
	const Child child = { arguments, html, pdf, printer->limit_ms };
	ChildEnd end;
	int r = child_run(&child, &end, error);

	if (r < 0)
		return r;
	if (!WIFEXITED(end.status) || WEXITSTATUS(end.status) != 0 || !is_pdf(pdf))
		return explain_failure(printer, &end, error);
	return 0;
}
