/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Leaves of the registry's log on their way to the record: in their order, each once, and only a few at a
 * time, so that claims and strokes always find room in the ledger's queue. One that the ledger refuses goes
 * on record as refused and holds up no other. Main thread only; nothing blocks.
 */

#include "registry/registry-leaf.h"
#include "station/station.h"

enum { LEAF_DESK_MAX = 16 }; /* less than REGISTRY_LEAVES_AHEAD */

typedef struct LeafDesk LeafDesk;

/** A leaf that the ledger has. */
typedef struct KeptLeaf {
	LeafDesk *desk; /* NULL: free */
	uint64_t seq;
	char of[64], from[LEAF_FROM_MAX];
} KeptLeaf;

struct LeafDesk {
	/* set by its owner */
	Station *station;
	NoteVerifier key;
	char origin[NOTE_NAME_MAX]; /* of the station's log */
	/** The ledger has answered for a leaf; `failed`: its disk failed, and all from `next` on must come
	 * again. */
	void (*answered)(void *userdata, bool failed);
	void *userdata;
	uint64_t next; /* leaves before this one are on record, or of no use */
	/* its own */
	uint64_t taken; /* leaves before this one were taken */
	KeptLeaf kept[LEAF_DESK_MAX];
	unsigned n_kept;
};

/** A new connection: leaves come again from `next` on. */
void leaf_desk_begin(LeafDesk *desk);
/** Whether a leaf can be taken now. */
bool leaf_desk_has_room(const LeafDesk *desk);
/**
 * Takes a leaf; one that was taken before is ignored. -EAGAIN: there is no room now. -EBADMSG with a
 * sentence: the registry did not sign it.
 */
int leaf_desk_take(LeafDesk *desk, uint64_t seq, const RegistryBytes *leaf, const RegistryBytes *proof,
	Error *error) _must_check_;
