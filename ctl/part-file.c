/* SPDX-License-Identifier: Apache-2.0 */

/** Writes a file beside its place and moves it there when it is complete. It does not know what is written.
 */

#include "part-file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "util/cleanup.h"

int part_file_bytes(int fd, const void *bytes, size_t size, Error *error)
{
	const char *from = bytes;

	while (size > 0) {
		ssize_t n = write(fd, from, size);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return error_set(error, -EIO, "%s", strerror(errno));
		from += n;
		size -= (size_t)n;
	}
	return 0;
}

int part_file_write(const char *file, PartFileWrite write, const void *content, Error *error)
{
	_cleanup_(freep) char *part = NULL;
	_cleanup_(closep) int fd = -1;
	int r;

	if (asprintf(&part, "%s.part", file) < 0)
		return error_set(error, -ENOMEM, "out of memory");
	fd = open(part, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0)
		return error_set(error, -EIO, "%s", strerror(errno));
	r = write(content, fd, error);
	if (r >= 0 && rename(part, file) < 0)
		r = error_set(error, -EIO, "%s", strerror(errno));
	if (r < 0)
		unlink(part);
	return r;
}
