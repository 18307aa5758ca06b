/* SPDX-License-Identifier: Apache-2.0 */

/** Listens for the programs beside the daemon and for nobody else, and connects them. It must not block. */

#include "util/local-socket.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "util/file.h"

enum { BACKLOG = 4 };

int local_socket_listen(const char *folder, const char *name, char **ret_path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_(freep) char *path = NULL;
	_cleanup_(closep) int fd = -1;
	int r = file_make_folders(folder);

	if (r < 0)
		return r;
	if (asprintf(&path, "%s/%s", folder, name) < 0)
		return -ENOMEM;
	if (strlen(path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	(void)unlink(path);
	if (bind(fd, (struct sockaddr *)&address, sizeof address) < 0 || chmod(path, 0660) < 0 ||
		listen(fd, BACKLOG) < 0)
		return -errno;
	*ret_path = TAKE_PTR(path);
	return TAKE_FD(fd);
}

/**
 * In the service's user namespace only its own user and group have numbers; there, the users of the programs
 * beside it belong to the daemon's group.
 */
static bool may_connect(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof peer;

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return false;
	return peer.uid == 0 || peer.uid == geteuid() || peer.gid == getegid();
}

int local_socket_connect(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	_cleanup_(closep) int fd = -1;

	if (strlen(path) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address, sizeof address) < 0)
		return -errno;
	return TAKE_FD(fd);
}

int local_socket_accept(int listen_fd)
{
	_cleanup_(closep) int fd = accept4(listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return -errno;
	return may_connect(fd) ? TAKE_FD(fd) : -EPERM;
}
