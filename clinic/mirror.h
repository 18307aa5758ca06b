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

enum { MIRROR_SIGNERS_MAX = 2 }; /* Ed25519, ML-DSA-44 */

typedef struct Mirror {
	Database *database;
	const NoteSigner *signers[MIRROR_SIGNERS_MAX]; /* cosign what is mirrored; NULL after the last */
	const NoteSigner *witness; /* cosigns a checkpoint that only grew; NULL: the server is no witness */
	const NoteSigner *registry_signer; /* of the registry's log */
} Mirror;

/** The lines of the signers' cosignatures of a checkpoint, owned by the caller; "" for none of `n`. Negative
 * errno. */
int mirror_cosign(const NoteSigner *const *signers, size_t n, const char *note, char **ret) _must_check_;
