/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The mirror of the stations' logs (c2sp.org/tlog-mirror): it takes checkpoints and entries, and cosigns a
 * checkpoint once all its records are durably here.
 */

#include "answer.h"
#include "database.h"
#include "station.h"
#include "tlog/note.h"

typedef struct Mirror {
	Database *database;
	const NoteSigner *signer;
} Mirror;

/** `body` is what a station sent. Any thread; blocks on the database. */
Answer mirror_add_checkpoint(const Mirror *mirror, const char *name, const char *body, size_t size);
Answer mirror_add_entries(const Mirror *mirror, const char *name, const char *body, size_t size);
