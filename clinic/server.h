/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * HTTPS: stations with client certificates, whose name is who asks; and, where [page] port is set, browsers
 * on a second port without. Few threads carry the bytes; SERVER_THREADS others run the handlers, which the
 * database may block. A request that waits holds none of them.
 */

#include "clinic-config.h"
#include "clinic.h"

enum {
	SERVER_THREADS = 8,         /* that run handlers */
	SERVER_NET_THREADS = 4,     /* that carry bytes */
	SERVER_BODY_MAX = 16 << 20, /* bytes of a request, also once it is unpacked */
	SERVER_IDLE_S = 60,         /* a connection that says nothing is closed */
	SERVER_CONNECTIONS = 4096,
};

typedef struct Server Server;

/** Listens. On failure the negative errno with the reason in `error`. `clinic` is borrowed. */
int server_start(const ClinicConfig *config, const Clinic *clinic, Server **ret, Error *error) _must_check_;
/** The port that it listens on for stations. */
unsigned server_port(const Server *server);
/**
 * Answers what was begun, then ends. Whoever makes requests wait has woken them and makes none wait any more.
 * Accepts NULL; returns NULL.
 */
Server *server_stop(Server *server);
