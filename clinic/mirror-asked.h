/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** One request to the mirror while it is answered. Nothing outside mirror-*.c includes this. */

#include "mirror.h"
#include "registry-log.h"
#include "route.h"
#include "station.h"
#include "tlog/checkpoint.h"

enum { MIRROR_NUMBER_MAX = 24 };

/** Who asks, a connection within a transaction, and how far their log is mirrored. */
typedef struct MirrorAsked {
	const Mirror *mirror;
	PGconn *connection;
	Station station;
	uint64_t next_entry, pending_size, mirror_size;
	unsigned long long seen; /* of the registry's log, by the station */
	Error error;
} MirrorAsked;

/** Begins the transaction and takes the lock on the station's log. Errors as of station_find(). */
int mirror_begin(MirrorAsked *asked, const Mirror *mirror, const Request *request) _must_check_;
int mirror_commit(MirrorAsked *asked) _must_check_;
/** What was not committed did not happen. */
void mirror_done(MirrorAsked *asked);

/** The checkpoint of that size that was taken. The note is the caller's. -ENOENT: none was. */
int mirror_find_checkpoint(MirrorAsked *asked, uint64_t size, char **ret_note, Checkpoint *ret) _must_check_;
/** 200 with the line of each signer's cosignature; `n` may be 0. */
Answer mirror_answer_cosigned(const NoteSigner *const *signers, size_t n, const char *note);
Answer mirror_refuse_quarantined(const char *name);
const char *mirror_number(uint64_t value, char text[MIRROR_NUMBER_MAX]);

/** `request` is what a station sent. Any thread; they block on the database. */
Answer mirror_add_checkpoint(const struct Clinic *clinic, Request *request);
Answer mirror_add_entries(const struct Clinic *clinic, Request *request);
