/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * A SOCK_SEQPACKET Unix socket in the run folder, at which the daemon meets the programs beside it. Nothing
 * here blocks.
 */

#include "util/cleanup.h"

/**
 * Listens at `name` in `folder`, which is created if missing; a socket that was left there is replaced.
 * `ret_path` gets its path, which the caller owns and unlinks. A descriptor, or -errno.
 */
int local_socket_listen(const char *folder, const char *name, char **ret_path) _must_check_;

/** Connects to such a socket. A descriptor that does not block, or -errno. */
int local_socket_connect(const char *path) _must_check_;

/**
 * Takes a connection from root, the process's own user, or a process of its own group. A descriptor that does
 * not block; -EPERM: somebody else came, and was turned away; else the errno of accept4().
 */
int local_socket_accept(int listen_fd) _must_check_;
