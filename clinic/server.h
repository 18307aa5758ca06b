/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * HTTPS with client certificates: who asks is the name in the certificate. Each request is answered by one
 * thread of SERVER_THREADS, which the database may block.
 */

#include "clinic-config.h"
#include "mirror.h"
#include "registry.h"

enum {
	SERVER_THREADS = 8,
	SERVER_BODY_MAX = 16 << 20, /* bytes of a request, also once it is unpacked */
	SERVER_IDLE_S = 60,         /* a connection that says nothing is closed */
	SERVER_CONNECTIONS = 2048,
};

typedef struct Server Server;

/** What the server answers with. */
typedef struct Clinic {
	Mirror mirror;
	Registry registry;
} Clinic;

/** Listens. On failure the negative errno with the reason in `error`. `clinic` is borrowed. */
int server_start(const ClinicConfig *config, const Clinic *clinic, Server **ret, Error *error) _must_check_;
/** The port that it listens on. */
unsigned server_port(const Server *server);
/** Answers what was begun, then ends. Accepts NULL; returns NULL. */
Server *server_stop(Server *server);
