/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Full verification of a ledger's file, also while a daemon writes it: everything that can be computed is
 * computed again from the records' bytes and compared. Changes nothing and repairs nothing.
 */

#include <stdatomic.h>

#include "ledger/ledger.h"
#include "tlog/note.h"

typedef enum VerifyPart {
	VERIFY_RECORDS = 1 << 0,     /* bytes, hashes, numbers, columns, tree, roots of the checkpoints */
	VERIFY_SIGNATURES = 1 << 1,  /* of the checkpoints, by the keys that the records tell of */
	VERIFY_BESIDE = 1 << 2,      /* personal data against its commitments, attachments against digests */
	VERIFY_PROJECTIONS = 1 << 3, /* tables rebuilt from the records, and the database's own structure */
	VERIFY_STATE = 1 << 4, /* what else the file keeps: nodes, dates of checkpoints, marks, cursors */
	VERIFY_ALL = VERIFY_RECORDS | VERIFY_SIGNATURES | VERIFY_BESIDE | VERIFY_PROJECTIONS | VERIFY_STATE,
} VerifyPart;

enum { VERIFY_THREADS_MAX = 64, VERIFY_TEXT_MAX = 320, VERIFY_FINDINGS_MAX = 100 };

typedef struct VerifyOptions {
	const char *path;
	unsigned parts;   /* VerifyPart bits */
	unsigned threads; /* 1 to VERIFY_THREADS_MAX */
	const char *key; /* NULL, or the public key that must be among the log's: one that was known before */
	/** Checkpoints that somebody else has kept, signed notes: what they cover must be what the file has.
	 */
	const char *const *witnessed;
	size_t n_witnessed;
	/** NULL: photographs are not looked at; else the folder in which those must be that the records say
	 * are kept. What is wrong with them is a finding. */
	const char *images;
	const atomic_bool *leave; /* NULL, or what ends it early (-ECANCELED) */
	/** Called from any of its threads, one at a time. `done` of `total` records and photographs; how many
	 * photographs there are may be known late. May be NULL. */
	void (*progress)(void *userdata, uint64_t done, uint64_t total);
	/** One sentence that names the place; at most VERIFY_FINDINGS_MAX, in no particular order. */
	void (*finding)(void *userdata, const char *text);
	/** What somebody may want to look at and is no damage. The same way. May be NULL. */
	void (*remark)(void *userdata, const char *text);
	void *userdata;
} VerifyOptions;

/** What was looked at. */
typedef struct Verification {
	uint64_t records, checkpoints, sealed; /* sealed: records that the newest checkpoint covers */
	int64_t newest_utc_us;                 /* time of the newest record; 0 none */
	uint64_t witnessed;                    /* checkpoints of others that fit */
	uint64_t keys, replaced_keys;          /* replaced: not signed for by the key before it */
	uint64_t personal, erased, attachments;
	uint64_t photographs; /* whose files were compared */
	uint64_t strangers;   /* files among them that no record says are there */
	uint64_t tables;   /* compared with what the records give; of an older version's file in the columns
			      that it shares */
	bool older;        /* the file is of an older schema version */
	uint64_t findings; /* 0: sound */
	uint64_t photograph_findings; /* ... of these about photographs: the ledger itself may be sound */
	char key[NOTE_KEY_MAX];       /* in force at the end; "" none */
} Verification;

/**
 * 0 also when there are findings. Negative errno when it could not be done: `error` says why. Blocks for as
 * long as it takes.
 */
int ledger_verify(const VerifyOptions *options, Verification *ret, Error *error) _must_check_;
