/* SPDX-License-Identifier: Apache-2.0 */

/**
 * Private keys in files. It must not overwrite an existing key, or accept one that its group or others may
 * read.
 */

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <openssl/crypto.h>

#include "tlog/note-key.h"
#include "util/file.h"

static int write_new(int folder, const char *name, const char *text)
{
	_cleanup_(closep) int fd =
		openat(folder, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	int r;

	if (fd < 0)
		return -errno;
	r = file_write_all(fd, text, strlen(text));
	if (r < 0)
		return r;
	return fsync(fd) < 0 ? -errno : 0;
}

/** Uses a link because, unlike a rename, it fails when the name exists. */
static int write_and_link(int folder, const char *temporary, const char *name, const char *text)
{
	int r;

	(void)unlinkat(folder, temporary, 0); /* left by a power cut */
	r = write_new(folder, temporary, text);
	if (r >= 0 && linkat(folder, temporary, folder, name, 0) < 0)
		r = -errno;
	(void)unlinkat(folder, temporary, 0);
	if (r < 0)
		return r;
	return fsync(folder) < 0 ? -errno : 0;
}

int note_signer_store(const NoteSigner *signer, const char *folder, const char *name, Error *error)
{
	_cleanup_(closep) int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_cleanup_(freep) char *temporary = NULL;
	char text[NOTE_PRIVATE_KEY_MAX];
	int r;

	if (fd < 0)
		return error_set(
			error, -errno, "%s: %s; make the folder, or name another", folder, strerror(errno));
	if (asprintf(&temporary, ".%s.new", name) < 0)
		return error_set(error, -ENOMEM, "no memory for a name in %s", folder);
	note_signer_write(signer, text);
	r = write_and_link(fd, temporary, name, text);
	OPENSSL_cleanse(text, sizeof text);
	if (r == -EEXIST)
		return error_set(error, r, "%s/%s: there is a key already; move it away to make a new one",
			folder, name);
	if (r < 0)
		return error_set(error, r, "%s/%s: %s; the key was not written", folder, name, strerror(-r));
	return 0;
}

/** Opens a file that only its owner can access. */
static int open_private(const char *path, Error *error)
{
	_cleanup_(closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat status;

	if (fd < 0)
		return error_set(error, -errno, "%s: %s", path, strerror(errno));
	if (fstat(fd, &status) < 0)
		return error_set(error, -errno, "%s: %s", path, strerror(errno));
	if (!S_ISREG(status.st_mode))
		return error_set(error, -EINVAL, "%s: not a file; a key stands in an ordinary file", path);
	if (status.st_mode & (S_IRWXG | S_IRWXO))
		return error_set(error, -EPERM,
			"%s: open to group or others (mode %04o); set mode 0600, and make a new key if anybody may have read this one",
			path, status.st_mode & 07777);
	return TAKE_FD(fd);
}

int note_signer_load(const char *path, NoteSigner **ret, Error *error)
{
	char text[NOTE_PRIVATE_KEY_MAX + 1];
	Error reason;
	_cleanup_(closep) int fd = open_private(path, error);
	ssize_t n;
	int r;

	if (fd < 0)
		return fd;
	n = read(fd, text, sizeof text);
	if (n < 0)
		return error_set(error, -errno, "%s: %s", path, strerror(errno));
	if ((size_t)n == sizeof text || memchr(text, '\0', n)) {
		r = error_set(error, -EINVAL, "%s: no private key; put it back from a copy", path);
	} else {
		text[n] = '\0';
		r = note_signer_parse(text, ret, &reason);
		if (r < 0)
			(void)error_set(error, r, "%s: %.300s", path, reason.text);
	}
	OPENSSL_cleanse(text, sizeof text);
	return r;
}
