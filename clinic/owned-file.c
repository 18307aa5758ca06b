/* SPDX-License-Identifier: Apache-2.0 */

/** Makes files of another user. It must not overwrite any. */

#include "owned-file.h"

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "util/file.h"

int owner_find(const char *user, Owner *ret, Error *error)
{
	char buffer[4096];
	struct passwd entry, *found = NULL;

	if (!user) {
		*ret = (Owner){ geteuid(), getegid() };
		return 0;
	}
	if (getpwnam_r(user, &entry, buffer, sizeof buffer, &found) != 0 || !found)
		return error_set(error, -ENOENT,
			"there is no user \"%.60s\": the package makes it, or give another one with --user",
			user);
	*ret = (Owner){ entry.pw_uid, entry.pw_gid };
	return 0;
}

int owner_of(const char *path, Owner *ret, Error *error)
{
	struct stat status;

	if (stat(path, &status) < 0)
		return error_set(error, -errno, "%s: %s", path, strerror(errno));
	*ret = (Owner){ status.st_uid, status.st_gid };
	return 0;
}

int owner_become(const Owner *owner, Error *error)
{
	if (geteuid() != 0 || owner->uid == 0)
		return 0;
	if (setegid(owner->gid) < 0 || seteuid(owner->uid) < 0)
		return error_set(error, -errno, "cannot become the server's user: %s", strerror(errno));
	return 0;
}

void owner_resume(void)
{
	if (getuid() != 0 || geteuid() == 0)
		return;
	if (seteuid(0) < 0 || setegid(0) < 0)
		abort();
}

int owner_stay(const Owner *owner, Error *error)
{
	if (geteuid() != 0 || owner->uid == 0)
		return 0;
	if (setgroups(0, NULL) < 0 || setresgid(owner->gid, owner->gid, owner->gid) < 0 ||
		setresuid(owner->uid, owner->uid, owner->uid) < 0)
		return error_set(error, -errno, "cannot become the server's user: %s", strerror(errno));
	return 0;
}

int owned_folder_make(const char *path, const Owner *owner, mode_t mode, Error *error)
{
	_cleanup_(freep) char *above = file_folder(path);
	bool fresh = above && access(above, F_OK) < 0;
	int r = above ? file_make_folders(above) : -ENOMEM;

	if (r < 0)
		return error_set(error, r, "%s cannot be made: %s", above ? above : path, strerror(-r));
	if (fresh && chown(above, owner->uid, owner->gid) < 0)
		return error_set(error, -errno, "%s: %s", above, strerror(errno));
	if (mkdir(path, 0700) < 0 && errno == EEXIST)
		return error_set(error, -EEXIST, "%s is there already, and nothing is overwritten", path);
	if (access(path, F_OK) < 0 || chown(path, owner->uid, owner->gid) < 0 || chmod(path, mode) < 0)
		return error_set(error, -errno, "%s cannot be made: %s", path, strerror(errno));
	return 0;
}

int owned_file_make(
	const char *path, const void *data, size_t size, const Owner *owner, mode_t mode, Error *error)
{
	_cleanup_(closep) int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0 && errno == EEXIST)
		return error_set(error, -EEXIST, "%s is there already, and nothing is overwritten", path);
	if (fd < 0)
		return error_set(error, -errno, "%s cannot be written: %s", path, strerror(errno));
	r = file_write_all(fd, data, size);
	if (r >= 0 && (fchown(fd, owner->uid, owner->gid) < 0 || fchmod(fd, mode) < 0 || fsync(fd) < 0))
		r = -errno;
	return r < 0 ? error_set(error, r, "%s cannot be written: %s", path, strerror(-r)) : 0;
}

int owned_folder_sync(const char *path, Error *error)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return error_set(error, -errno, "%s: %s", path, strerror(errno));
	return 0;
}
