/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Who holds which cartridge. A station may claim only what it holds, and what is held by one is never handed
 * on by timeout. Bodies and answers are JSON; each request has a number, a UUID: asked again, it is done once
 * and answered the same.
 *
 * Requests wait in a queue, and one thread answers all that wait with one transaction and one signed
 * checkpoint. Several servers may share a database.
 */

#include "database.h"
#include "tlog/note.h"

typedef struct RegistryQueue RegistryQueue;
typedef struct RegistryWatch RegistryWatch;
typedef struct RegistryProofs RegistryProofs;
typedef struct RegistryDoubt RegistryDoubt;

typedef struct Registry {
	Database *database;
	const NoteSigner *signer; /* of the registry's own log */
	RegistryQueue *queue;     /* NULL until registry_start() */
	RegistryWatch *watch;
	RegistryProofs *proofs;
	RegistryDoubt *doubt; /* what stations say that nothing proves */
} Registry;

enum {
	REGISTRY_UNITS_MAX = 200, /* of one request */
	REGISTRY_THREADS = 2,     /* of its own, which use the database */
};

/** Starts the threads. -EAGAIN: the system gives none. */
int registry_start(Registry *registry, Error *error) _must_check_;
/** Wakes who waits for leaves, and lets nobody wait any more; before server_stop(). */
void registry_wake_all(Registry *registry);
/** Ends the threads; after server_stop(). */
void registry_stop(Registry *registry);
