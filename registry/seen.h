/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What this station has seen of the server, in a small file: the write timeline that it must not go below,
 * and how far the mirror has cosigned this station's log. Blocks on the disk.
 */

#include <stdint.h>

#include "tlog/note.h"
#include "util/cleanup.h"

typedef struct Seen {
	uint64_t timeline;
	uint64_t mirrored;          /* records of the newest cosigned checkpoint */
	char origin[NOTE_NAME_MAX]; /* of the log that is mirrored; "" none yet */
	char *cosigned;             /* that checkpoint with the mirror's cosignature; owned, NULL none */
} Seen;

/** -EBADMSG: it is not such a file. A missing one is zeroed, and no error. */
int seen_load(const char *folder, Seen *ret) _must_check_;
/** It is durable when this returns 0. */
int seen_save(const char *folder, const Seen *seen) _must_check_;
void seen_clear(Seen *seen);
