/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * How far the broker has got, in a small file of telemetry's own. The ledger itself is the outbox, and is
 * only read. If the file is lost, messages are repeated, which readers recognise by their numbers; no
 * message is lost.
 */

#include <stdbool.h>
#include <stdint.h>

#include "util/cleanup.h"
#include "util/digest.h"

enum { PROGRESS_WITHHELD_MAX = 256, PROGRESS_NAME_MAX = 128 };

/** A record that the broker refused for its contents. */
typedef struct Withheld {
	uint64_t seq;
	uint32_t limit; /* bytes of a packet that the broker took at most then; 0: refused for another reason
			 */
} Withheld;

typedef struct Progress {
	uint64_t cursor;               /* the broker has all published records up to it but those withheld */
	uint8_t hash[DIGEST_BYTES];    /* of record `cursor` (unless 0), to recognise the ledger */
	uint64_t checkpoint;           /* size of the checkpoint retained at the broker; 0 none */
	char names[PROGRESS_NAME_MAX]; /* the "<clinic>/<station>" it is retained under; "" none */
	Withheld withheld[PROGRESS_WITHHELD_MAX]; /* in order of seq */
	size_t n_withheld;
} Progress;

/** -ENOENT: there is no file yet; -EBADMSG: it is not a progress file. Blocks on the disk. */
int progress_load(const char *folder, Progress *ret) _must_check_;
/** The progress is durable when this returns 0. Blocks on the disk. */
int progress_save(const char *folder, const Progress *progress) _must_check_;

/** False when there is no room, or the record is withheld already. */
bool progress_withhold(Progress *progress, uint64_t seq, uint32_t limit);
/** Removes a withheld record: it has arrived after all. */
void progress_release(Progress *progress, uint64_t seq);
