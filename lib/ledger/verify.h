/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Verifies a whole ledger file, also while a daemon writes it. Everything that can be computed is computed
 * again from the records' bytes and compared. Changes nothing and repairs nothing.
 */

#include <stdatomic.h>

#include "ledger/ledger.h"
#include "tlog/note.h"

typedef enum VerifyPart {
	VERIFY_RECORDS = 1 << 0,     /* bytes, hashes, numbers, columns, tree, roots of the checkpoints */
	VERIFY_SIGNATURES = 1 << 1,  /* of the checkpoints, by the keys in the records; in a clinic, of the
					registry's leaves, and whether each claim is granted by one */
	VERIFY_BESIDE = 1 << 2,      /* personal data against its commitments, attachments against digests */
	VERIFY_PROJECTIONS = 1 << 3, /* tables rebuilt from the records, and the database's own structure */
	VERIFY_STATE = 1 << 4,       /* the rest of the file: nodes, dates of checkpoints, marks, cursors */
	VERIFY_ALL = VERIFY_RECORDS | VERIFY_SIGNATURES | VERIFY_BESIDE | VERIFY_PROJECTIONS | VERIFY_STATE,
} VerifyPart;

enum { VERIFY_THREADS_MAX = 64, VERIFY_TEXT_MAX = 320, VERIFY_FINDINGS_MAX = 100 };

typedef struct VerifyOptions {
	const char *path;
	unsigned parts;   /* VerifyPart bits */
	unsigned threads; /* 1 to VERIFY_THREADS_MAX */
	const char *key;  /* NULL, or a public key known beforehand, which must be among the log's keys */
	/**
	 * Checkpoints that somebody else has kept, as signed notes; the file must agree with what they cover.
	 */
	const char *const *witnessed;
	size_t n_witnessed;
	/**
	 * NULL: photographs are not checked; else the folder that must hold every photograph that the records
	 * mention. What is wrong with them is a finding.
	 */
	const char *images;
	const atomic_bool *leave; /* NULL, or a flag that ends it early (-ECANCELED) */
	/**
	 * Called from any of its threads, one at a time. `done` of `total` counts records and photographs;
	 * the number of photographs may be known late. May be NULL.
	 */
	void (*progress)(void *userdata, uint64_t done, uint64_t total);
	/**
	 * Gets one sentence that names the place; called at most VERIFY_FINDINGS_MAX times, in no particular
	 * order.
	 */
	void (*finding)(void *userdata, const char *text);
	/** The same for something that a person may want to look at but that is no damage. May be NULL. */
	void (*remark)(void *userdata, const char *text);
	void *userdata;
} VerifyOptions;

/** What was verified. */
typedef struct Verification {
	uint64_t records, checkpoints, sealed; /* sealed: records covered by the newest checkpoint */
	int64_t newest_utc_us;                 /* time of the newest record; 0 none */
	uint64_t witnessed;                    /* checkpoints of others that agree with the file */
	uint64_t keys, replaced_keys;          /* replaced: not signed by the key before it */
	uint64_t leaves;                       /* of the registry's log that were proved */
	uint64_t personal, erased, attachments;
	uint64_t photographs; /* photographs whose files were compared */
	uint64_t strangers;   /* files of photographs that no record mentions */
	uint64_t tables; /* compared with the records; for a file of an older version, in the columns that it
			    shares */
	bool older;      /* the file is of an older schema version */
	uint64_t findings;            /* 0: sound */
	uint64_t photograph_findings; /* ... of which about photographs: the ledger itself may be sound */
	char key[NOTE_KEY_MAX];       /* current at the end; "" none */
} Verification;

/**
 * Returns 0 even when there are findings, or a negative errno when it could not be done: `error` says why.
 * Blocks for as long as it takes.
 */
int ledger_verify(const VerifyOptions *options, Verification *ret, Error *error) _must_check_;
