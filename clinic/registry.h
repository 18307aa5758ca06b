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
