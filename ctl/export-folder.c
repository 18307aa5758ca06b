/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Reads the files of an exported folder. It must follow no link out of the folder, and must not load a whole
 * large file into memory.
 */

#include "export-folder.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "proof.h"
#include "util/digest-file.h"

enum { LINE_SIZE_MAX = 16 << 20 };

void export_finding(ExportFolder *folder, const char *format, ...)
{
	char text[VERIFY_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (folder->findings++ < VERIFY_FINDINGS_MAX)
		proof_tell(folder->ctl, "finding", text);
}

int export_open_below(ExportFolder *folder, const char *name, unsigned type, int *ret)
{
	struct open_how how = {
		.flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
		.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS,
	};
	_cleanup_(closep) int fd = (int)syscall(SYS_openat2, folder->fd, name, &how, sizeof how);
	struct stat status;
	int r = fd < 0 || fstat(fd, &status) < 0 ? -errno : (status.st_mode & S_IFMT) != type ? -EINVAL : 0;

	if (r == -ENOENT)
		export_finding(folder, "%s is missing", name);
	else if (r == -ELOOP || r == -EXDEV || r == -ENXIO || r == -EINVAL)
		export_finding(folder, "%s is no ordinary %s", name, type == S_IFDIR ? "folder" : "file");
	else if (r < 0)
		export_finding(folder, "%s cannot be read: %s", name, strerror(-r));
	if (r < 0)
		return r;
	*ret = TAKE_FD(fd);
	return 0;
}

int export_open_file(ExportFolder *folder, const char *name, FILE **ret)
{
	_cleanup_(closep) int fd = -1;
	int r = export_open_below(folder, name, S_IFREG, &fd);

	if (r < 0)
		return r;
	*ret = fdopen(fd, "r");
	if (!*ret)
		return -errno;
	(void)TAKE_FD(fd);
	return 0;
}

int export_hash_file(ExportFolder *folder, const char *name, char ret[DIGEST_HEX_MAX])
{
	_cleanup_(closep) int fd = -1;
	int r = export_open_below(folder, name, S_IFREG, &fd);

	if (r < 0)
		return r;
	r = digest_file(fd, ret);
	if (r < 0)
		export_finding(folder, "%s cannot be read: %s", name, strerror(-r));
	return r;
}

int export_read_file(ExportFolder *folder, const char *name, size_t limit, char **ret, size_t *ret_size)
{
	_cleanup_(fclosep) FILE *file = NULL;
	_cleanup_(freep) char *text = malloc(limit + 2);
	int r = text ? export_open_file(folder, name, &file) : -ENOMEM;
	size_t size;

	if (r < 0)
		return r;
	size = fread(text, 1, limit + 1, file);
	if (ferror(file) || size > limit || memchr(text, '\0', size)) {
		export_finding(folder, "%s is no such text, or cannot be read to its end", name);
		return -EINVAL;
	}
	text[size] = '\0';
	*ret = TAKE_PTR(text);
	*ret_size = size;
	return 0;
}

void export_lines_done(ExportLines *lines)
{
	free(lines->text);
	fclosep(&lines->file);
}

static int collect_character(ExportLines *lines, int c)
{
	size_t capacity = lines->capacity ? 2 * lines->capacity : 4096;
	char *grown;

	if (lines->size >= LINE_SIZE_MAX)
		return -EFBIG;
	if (lines->size + 1 >= lines->capacity) {
		grown = realloc(lines->text, capacity);
		if (!grown)
			return -ENOMEM;
		lines->text = grown;
		lines->capacity = capacity;
	}
	lines->text[lines->size++] = (char)c;
	return 0;
}

bool export_next_line(ExportLines *lines, int *r)
{
	int c = EOF;

	lines->size = 0;
	flockfile(lines->file);
	while (*r == 0 && (c = getc_unlocked(lines->file)) != EOF && c != '\n')
		*r = collect_character(lines, c);
	funlockfile(lines->file);
	if (*r == 0 && ferror(lines->file))
		*r = -EIO;
	if (*r < 0 || (c == EOF && lines->size == 0))
		return false;
	*r = collect_character(lines, '\0');
	lines->size--;
	lines->n++;
	return *r == 0;
}
