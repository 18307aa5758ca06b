/* SPDX-License-Identifier: Apache-2.0 */

/** Packs a folder with zip(1), and removes folders. It must not leave another working folder behind. */

#include "report/pack.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <string.h>
#include <unistd.h>

#include "child.h"
#include "client.h"

/* photographs of a whole course, on a small machine */
enum { PACK_LIMIT_MS = 900 * 1000 };

static int remove_entry(const char *path, const struct stat *status, int type, struct FTW *walk)
{
	return remove(path);
}

void pack_remove_folder(const char *folder)
{
	(void)nftw(folder, remove_entry, 16, FTW_DEPTH | FTW_PHYS);
}

bool pack_is_zip(const char *output)
{
	size_t length = strlen(output);

	return length > 4 && strcmp(output + length - 4, ".zip") == 0;
}

/** The absolute path of a file that is not there yet. The caller frees it; NULL: out of memory. */
static char *absolute(const char *file)
{
	_cleanup_(freep) char *here = realpath(".", NULL);
	char *path = NULL;

	if (file[0] == '/')
		return strdup(file);
	return !here || asprintf(&path, "%s/%s", here, file) < 0 ? NULL : path;
}

static int run_zip(const char *target, const char *output)
{
	const char *const words[] = { "zip", "-q", "-r", "-X", target, ".", NULL };
	_cleanup_(closep) int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	ChildEnd end;
	Error error;
	int r = child_run(&(Child){ words, null, null, PACK_LIMIT_MS }, &end, &error);

	if (r == -ENOPKG)
		return ctl_fail(
			"%s was not written, as zip is not installed: install the package zip, or give a "
			"folder",
			output);
	if (r < 0)
		return ctl_fail("%s cannot be written: %s", output, error.text);
	return end.status == 0 ? CTL_DONE
			       : ctl_fail("%s cannot be written (%s): is the disk full?", output, end.line);
}

int pack_zip(const char *folder, const char *part)
{
	_cleanup_(freep) char *target = absolute(part);
	_cleanup_(closep) int here = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int status;

	if (!target || here < 0 || chdir(folder) < 0)
		return ctl_fail("%s: %s", folder, strerror(target ? errno : ENOMEM));
	status = run_zip(target, part);
	return fchdir(here) < 0 ? ctl_fail("%s", strerror(errno)) : status;
}
