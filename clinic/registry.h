/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Who holds which cartridge. A station may claim only what it holds, and what is held by one is never handed
 * on by timeout. Bodies and answers are JSON; each request has a number, a UUID: asked again, it is done once
 * and answered the same.
 */

#include "answer.h"
#include "database.h"
#include "tlog/note.h"

typedef struct Registry {
	Database *database;
	const NoteSigner *signer; /* of the registry's own log */
} Registry;

enum { REGISTRY_UNITS_MAX = 1000 }; /* of one request */

/** {"request", "lot", "units"}: units that nobody has are granted. Any thread; blocks on the database. */
Answer registry_hold(const Registry *registry, const char *name, const char *body, size_t size);
/** {"request", "unit"}: the station has claimed a unit that it holds. */
Answer registry_claim(const Registry *registry, const char *name, const char *body, size_t size);
/** {"request", "to", "units"}: unused units that the station holds go to another. */
Answer registry_move(const Registry *registry, const char *name, const char *body, size_t size);
/**
 * {"request", "boot", "checkpoint"}: the newest checkpoint of the station's log. One that is older than what
 * was seen, or another of the same size, comes from a restored or cloned card: the station is quarantined.
 */
Answer registry_boot(const Registry *registry, const char *name, const char *body, size_t size);
