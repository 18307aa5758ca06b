/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the parts of stipple-registryd share. One thread. */

#include <systemd/sd-event.h>

#include "config/config.h"
#include "holders.h"
#include "https.h"
#include "ledger/outbox.h"
#include "log-copy.h"
#include "seen.h"
#include "troubles.h"

typedef struct Hub {
	sd_event *event;
	const Config *config;
	const char *folder; /* of the program's own state */
	NoteVerifier registry_key, mirror_key;
	Https *https;
	LogCopy *log;     /* of the registry */
	Holders *holders; /* what the log says */
	Seen seen;
	Troubles troubles;
	bool connected;           /* the server has answered, and not failed to since */
	bool certificate_doubted; /* it has ended, or cannot be renewed */
	uint64_t newest;          /* records of the ledger's newest checkpoint, as last read */
	/* the ledger, while it is open */
	LedgerOutbox *ledger;
	int64_t ledger_used_us;
} Hub;

/** The daemon's ledger for reading, opened when needed; NULL, with a trouble, when it cannot be read. */
LedgerOutbox *hub_ledger(Hub *hub);
/** Closes it: after a failure, or because nothing was read for a while. */
void hub_close_ledger(Hub *hub);

/**
 * What every answer means for the connection: whether the server is there, and is to be believed. Returns
 * the answer's error.
 */
int hub_note_answer(Hub *hub, const HttpsAnswer *answer);

/** The sentence of a problem (RFC 9457), or the status in words, of at most `size` bytes with its NUL. */
void hub_problem(const HttpsAnswer *answer, char *ret, size_t size);
