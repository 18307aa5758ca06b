/* SPDX-License-Identifier: Apache-2.0 */

/** Writes and reads the station's files. A power cut must not leave half a file under its name. */

#include "station-files.h"

#include <fcntl.h>
#include <grp.h>
#include <string.h>
#include <sys/stat.h>

#include "station-key.h"
#include "util/file.h"

#define GROUP_NAME "stipple-registry"

gid_t station_files_group(void)
{
	char buffer[4096];
	struct group entry, *found = NULL;

	if (getgrnam_r(GROUP_NAME, &entry, buffer, sizeof buffer, &found) != 0 || !found)
		return (gid_t)-1;
	return entry.gr_gid;
}

int station_folder_make(const char *path, gid_t group, Error *error)
{
	_cleanup_(freep) char *folder = file_folder(path);
	int r = folder ? file_make_folders(folder) : -ENOMEM;

	if (r < 0)
		return error_set(error, r, "the folder of %s cannot be made: %s", path, strerror(-r));
	if (group == (gid_t)-1)
		return 0;
	if (chown(folder, (uid_t)-1, group) < 0 || chmod(folder, 02770) < 0)
		return error_set(error, -errno, "%s: %s", folder, strerror(errno));
	return 0;
}

static int sync_folder_of(const char *path)
{
	_cleanup_(freep) char *folder = file_folder(path);
	_cleanup_(closep) int fd = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

static int write_temporary(const char *path, const char *text, mode_t mode, gid_t group)
{
	_cleanup_(closep) int fd = -1;
	int r;

	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return -errno;
	r = file_write_all(fd, text, strlen(text));
	if (r < 0)
		return r;
	if (group != (gid_t)-1 && fchown(fd, (uid_t)-1, group) < 0)
		return -errno;
	return fchmod(fd, mode) < 0 || fsync(fd) < 0 ? -errno : 0;
}

int station_file_put(const char *path, const char *text, mode_t mode, gid_t group, Error *error)
{
	_cleanup_(freep) char *temporary = NULL;
	int r;

	if (asprintf(&temporary, "%s.tmp", path) < 0)
		return error_set(error, -ENOMEM, "no memory");
	r = write_temporary(temporary, text, mode, group);
	if (r >= 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(temporary);
	r = r < 0 ? r : sync_folder_of(path);
	return r < 0 ? error_set(error, r, "%s cannot be written: %s", path, strerror(-r)) : 0;
}

int station_file_get(const char *path, char **ret, Error *error)
{
	size_t size;
	int r = file_read(path, STATION_PEM_MAX, ret, &size);

	return r < 0 ? error_set(error, r, "%s cannot be read: %s", path, strerror(-r)) : 0;
}

int station_file_move(const char *from, const char *to, Error *error)
{
	int r = rename(from, to) < 0 ? -errno : sync_folder_of(to);

	return r < 0 ? error_set(error, r, "%s cannot be written: %s", to, strerror(-r)) : 0;
}
