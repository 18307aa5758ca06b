/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Writing, reading and deleting whole files. A power cut must not leave half a file under its name. A reader
 * must not wait for a named pipe.
 */

#include "util/file.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

/* suffix of a file that is not complete yet; its name also begins with '.' */
#define UNFINISHED ".tmp"

int file_write_all(int fd, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	while (size > 0) {
		ssize_t n = write(fd, bytes, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		bytes += n;
		size -= n;
	}
	return 0;
}

static int write_and_rename(
	int folder, const char *temporary, const char *name, const void *data, size_t size)
{
	_cleanup_(closep) int fd =
		openat(folder, temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0640);
	int r;

	if (fd < 0)
		return -errno;
	r = file_write_all(fd, data, size);
	if (r < 0)
		return r;
	if (fsync(fd) < 0)
		return -errno;
	if (renameat(folder, temporary, folder, name) < 0)
		return -errno;
	return fsync(folder) < 0 ? -errno : 0;
}

int file_write_atomic(const char *folder, const char *name, const void *data, size_t size)
{
	_cleanup_(closep) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(freep) char *temporary = NULL;
	int r;

	if (fd < 0)
		return -errno;
	if (asprintf(&temporary, ".%s" UNFINISHED, name) < 0)
		return -ENOMEM;
	r = write_and_rename(fd, temporary, name, data, size);
	if (r < 0)
		(void)unlinkat(fd, temporary, 0);
	return r;
}

bool file_is_unfinished(const char *name, char ret_whole[NAME_MAX + 1])
{
	size_t length = strlen(name), suffix = strlen(UNFINISHED);

	if (name[0] != '.' || length <= 1 + suffix || length > NAME_MAX ||
		strcmp(name + length - suffix, UNFINISHED) != 0)
		return false;
	snprintf(ret_whole, NAME_MAX + 1, "%.*s", (int)(length - 1 - suffix), name + 1);
	return true;
}

char *file_folder(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (!slash)
		return strdup(".");
	return strndup(path, slash > path ? (size_t)(slash - path) : 1);
}

int file_write_beside(const char *path, const char *suffix, const void *data, size_t size)
{
	_cleanup_(freep) char *folder = file_folder(path), *name = NULL;

	if (!folder || asprintf(&name, "%s%s", basename(path), suffix) < 0)
		return -ENOMEM;
	return file_write_atomic(folder, name, data, size);
}

int file_erase(const char *folder, const char *name)
{
	_cleanup_(closep) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	if (unlinkat(fd, name, 0) < 0 && errno != ENOENT)
		return -errno;
	return fsync(fd) < 0 ? -errno : 0;
}

int file_make_folders(const char *path)
{
	_cleanup_(freep) char *copy = strdup(path);

	if (!copy)
		return -ENOMEM;
	for (char *slash = copy + 1;; slash++) {
		char kept = *slash;

		if (kept != '/' && kept != '\0')
			continue;
		*slash = '\0';
		if (mkdir(copy, 0750) < 0 && errno != EEXIST)
			return -errno;
		*slash = kept;
		if (kept == '\0')
			return 0;
	}
}

int file_free_bytes(const char *path, uint64_t *ret)
{
	struct statvfs state;

	if (statvfs(path, &state) < 0)
		return -errno;
	*ret = (uint64_t)state.f_bavail * state.f_frsize;
	return 0;
}

int file_read(const char *path, size_t limit, char **ret, size_t *ret_size)
{
	/* a pipe would block until somebody writes */
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	_cleanup_(freep) char *data = NULL;
	struct stat status;
	size_t used = 0;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &status) < 0)
		return -errno;
	if (S_ISFIFO(status.st_mode))
		return -ESPIPE;
	if (status.st_size < 0 || (size_t)status.st_size > limit)
		return -EFBIG;
	data = malloc(status.st_size + 1);
	if (!data)
		return -ENOMEM;
	while (used < (size_t)status.st_size) {
		ssize_t n = read(fd, data + used, status.st_size - used);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		used += n;
	}
	data[used] = '\0';
	*ret = TAKE_PTR(data);
	if (ret_size)
		*ret_size = used;
	return 0;
}
