/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * How far the broker has got, in a small file of telemetry's own: the ledger is the outbox itself, and is
 * only read. Losing the file costs repeated messages, which their readers know by their numbers; never a
 * message.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/digest.h"

enum { PROGRESS_WITHHELD_MAX = 256, PROGRESS_NAME_MAX = 128 };

/** A record that the broker did not take for what it is. */
typedef struct Withheld {
	uint64_t seq;
	uint32_t limit; /* bytes of a packet that the broker took at most then; 0: refused for another reason
			 */
} Withheld;

typedef struct Progress {
	uint64_t cursor;            /* the broker has all that leaves up to this record, but those withheld */
	uint8_t hash[DIGEST_BYTES]; /* of record `cursor`, when that is not 0: it must be the same ledger */
	uint64_t checkpoint;        /* size of the checkpoint that the broker has, retained; 0 none */
	char names[PROGRESS_NAME_MAX]; /* "<clinic>/<station>" below which it is retained; "" none */
	Withheld withheld[PROGRESS_WITHHELD_MAX]; /* in order of seq */
	size_t n_withheld;
} Progress;

/** -ENOENT: there is none yet; -EBADMSG: it is none of ours. Blocks on the disk. */
int progress_load(const char *folder, Progress *ret) _must_check_;
/** Durable when it returns 0. Blocks on the disk. */
int progress_save(const char *folder, const Progress *progress) _must_check_;

/** False when there is no room, or it is withheld already. */
bool progress_withhold(Progress *progress, uint64_t seq, uint32_t limit);
/** It has arrived after all. */
void progress_release(Progress *progress, uint64_t seq);
