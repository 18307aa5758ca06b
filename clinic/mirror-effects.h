/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What records mean to the clinic as they are mirrored: lots and their status, claims of cartridges, and
 * records that all chairs get. All of it happens in the transaction that stores the records, once for each.
 */

#include <jansson.h>

#include "database.h"
#include "station.h"
#include "tlog/note.h"

typedef struct MirrorEffects MirrorEffects;

int mirror_effects_new(MirrorEffects **ret) _must_check_;
/** Accepts NULL; returns NULL. */
MirrorEffects *mirror_effects_free(MirrorEffects *effects);

/** Notes what a record means, entry `entry` of its station's log. -EIO: no memory. */
int mirror_effects_note(
	MirrorEffects *effects, uint64_t entry, const json_t *record, Error *error) _must_check_;
/**
 * Does it. `signer` signs the registry's log, of which the station has seen `seen` leaves. Errors as in
 * database.h, and -EKEYEXPIRED: the registry's log may not grow now, so store nothing.
 */
int mirror_effects_store(MirrorEffects *effects, PGconn *connection, const Station *station,
	const NoteSigner *signer, unsigned long long seen, Error *error) _must_check_;
