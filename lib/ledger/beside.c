/* SPDX-License-Identifier: Apache-2.0 */

/** Files beside a ledger. It must not follow a link, or touch the ledger itself. */

#include "ledger/beside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util/file.h"

int beside_read(const char *path, const char *suffix, size_t limit, char **ret, size_t *ret_size)
{
	_cleanup_(freep) char *name = NULL;

	if (asprintf(&name, "%s%s", path, suffix) < 0)
		return -ENOMEM;
	return file_read(name, limit, ret, ret_size);
}

void beside_remove(const char *path, const char *suffix)
{
	_cleanup_(freep) char *name = NULL;

	if (asprintf(&name, "%s%s", path, suffix) >= 0)
		(void)unlink(name);
}

int beside_give_fd(int fd, const char *path)
{
	_cleanup_(freep) char *folder = file_folder(path);
	struct stat status;

	if (!folder)
		return -ENOMEM;
	if (stat(folder, &status) < 0)
		return -errno;
	if (geteuid() == 0 && fchown(fd, status.st_uid, status.st_gid) < 0)
		return -errno;
	return fchmod(fd, 0640) < 0 ? -errno : 0;
}

int beside_give(const char *path, const char *suffix)
{
	_cleanup_(freep) char *name = NULL;
	_cleanup_(closep) int fd = -1;

	if (asprintf(&name, "%s%s", path, suffix) < 0)
		return -ENOMEM;
	fd = open(name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	return fd < 0 ? -errno : beside_give_fd(fd, path);
}
