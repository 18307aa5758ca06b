/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Leaves of the registry's log: whether they are what the registry signed, and the record that each makes.
 * Pure; nothing blocks. Nothing of a leaf is parsed before its proof is checked.
 */

#include <jansson.h>

#include "frame/registry-frame.h"
#include "tlog/note.h"
#include "util/error.h"

enum { LEAF_FROM_MAX = NOTE_NAME_MAX + 24 };

/** What a leaf makes. Starts zeroed; leaf_record_clear() frees it. */
typedef struct LeafRecord {
	const char *kind;         /* of the record, static; NULL: the leaf is of no use to this station */
	const char *actor;        /* ... and its actor, static */
	json_t *body;             /* owned */
	char of[64];              /* the leaf's kind, or that of the record in it */
	char from[LEAF_FROM_MAX]; /* of a shared record, as the record has it; "" */
} LeafRecord;

void leaf_record_clear(LeafRecord *record);

/**
 * Checks that `leaf` is number `seq` of the log that `key` signs, and parses it: an object, which the caller
 * owns. -EBADMSG with a sentence when it is not what the registry signed, or no object; -ENOMEM.
 */
int leaf_open(const NoteVerifier *key, uint64_t seq, const RegistryBytes *leaf, const RegistryBytes *proof,
	json_t **ret, Error *error) _must_check_;

/**
 * Makes the record of an opened leaf for the station whose log is `origin`: clinic.leaf with leaf and proof
 * as evidence, or a record that another station shares. -EINVAL with a sentence when a shared record cannot
 * be one of this station: then `ret` has only `of` and `from`. -ENOMEM.
 */
int leaf_to_record(json_t *opened, const char *origin, uint64_t seq, const RegistryBytes *leaf,
	const RegistryBytes *proof, LeafRecord *ret, Error *error) _must_check_;
