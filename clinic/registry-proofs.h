/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Proofs of grants that are asked for again and again: a proof stays true, however the log grows. */

#include "registry-log.h"

typedef struct RegistryProofs RegistryProofs;

int registry_proofs_new(RegistryProofs **ret) _must_check_;
/** Accepts NULL; returns NULL. */
RegistryProofs *registry_proofs_free(RegistryProofs *proofs);
/** After a commit that may not have happened: its leaves may be others now. */
void registry_proofs_forget(RegistryProofs *proofs);
/** As registry_prove(). Any one thread at a time. */
int registry_prove_cached(
	RegistryProofs *proofs, PGconn *connection, uint64_t seq, json_t **ret, Error *error) _must_check_;
/** The same as text, which is borrowed until the next call: many claims of one grant show the same proof. */
int registry_prove_text(RegistryProofs *proofs, PGconn *connection, uint64_t seq, const char **ret,
	Error *error) _must_check_;
