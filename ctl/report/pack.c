/* SPDX-License-Identifier: Apache-2.0 */

/** Packs a folder with zip(1), and removes folders. It must not pass the sign-in on to that program. */

#include "report/pack.h"

#include <errno.h>
#include <ftw.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "client.h"

extern char **environ;

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

int pack_zip(const char *folder, const char *part)
{
	_cleanup_(freep) char *whole = realpath(".", NULL), *target = NULL;
	const char *const words[] = { "sh", "-c", "cd \"$1\" && exec zip -q -r -X \"$2\" .", "sh", folder,
		NULL, NULL };
	char *arguments[ELEMENTS(words)];
	int result = 0, r;
	pid_t child;

	if (!whole ||
		asprintf(&target, "%s%s%s", part[0] == '/' ? "" : whole, part[0] == '/' ? "" : "/", part) < 0)
		return ctl_fail("out of memory");
	memcpy(arguments, words, sizeof words);
	arguments[5] = target;
	unsetenv(CTL_TOKEN_VARIABLE);
	r = posix_spawnp(&child, "sh", NULL, NULL, arguments, environ);
	if (r != 0 || waitpid(child, &result, 0) < 0)
		return ctl_fail("zip cannot be started: %s", strerror(r ? r : errno));
	if (WIFEXITED(result) && WEXITSTATUS(result) == 127)
		return ctl_fail(
			"%s was not written, as zip is not installed: install the package zip, or give a folder",
			part);
	return result == 0 ? CTL_DONE : ctl_fail("%s cannot be written: is the disk full?", part);
}
