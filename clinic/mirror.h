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
