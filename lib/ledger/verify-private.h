/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the files of the verification share. Nothing else includes it. */

#include "ledger/reader.h"
#include "ledger/tree.h"
#include "ledger/verify.h"

/** A checkpoint of the file, and the hash of what of it lies beyond the last full block (verify-records.c).
 */
typedef struct KeptCheckpoint {
	uint64_t size;
	MerkleHash rest;
	char *note;
	bool witnessed; /* somebody else's copy */
} KeptCheckpoint;

typedef struct Verifier {
	const VerifyOptions *options;
	Verification *found;
	Reader *reader; /* one snapshot for all of it; the ledger is attached as "kept" */
	sqlite3 *db;    /* of the reader */
	Statements statements;
	uint64_t total;              /* records of the snapshot */
	uint64_t expected;           /* photographs, for the progress only */
	int64_t latest_us;           /* highest time of any of them */
	KeptCheckpoint *checkpoints; /* by size */
	size_t n_checkpoints;
	uint64_t fits, differs; /* largest and smallest size at which a witnessed checkpoint does; 0 none */
	pthread_mutex_t lock;   /* of the callbacks, `found` and `committed` */
	bool replayed;          /* our own tables are filled from the file's records */
	uint64_t *committed;    /* records that carry a commitment to personal data */
	size_t n_committed;
} Verifier;

/** Tells one finding. Any thread. */
void verify_finding(Verifier *verifier, const char *format, ...) _printf_(2, 3);
/** Tells what is no damage. The caller's thread. */
void verify_remark(Verifier *verifier, const char *format, ...) _printf_(2, 3);
bool verify_left(const Verifier *verifier);
/** Runs `each` on all rows of `sql`; negative ends it, and so does `leave`. */
int verify_each_row(Verifier *verifier, const char *sql, int (*each)(void *userdata, sqlite3_stmt *row),
	void *userdata) _must_check_;

int verify_records(Verifier *verifier) _must_check_;
int verify_keys(Verifier *verifier) _must_check_;
/** Nodes, checkpoints, marks and cursors, after the records. */
int verify_state(Verifier *verifier) _must_check_;
int verify_beside(Verifier *verifier) _must_check_;
int verify_projections(Verifier *verifier) _must_check_;
/** The last part: the snapshot of the ledger is given back on the way. */
int verify_photographs(Verifier *verifier) _must_check_;

/* verify-leaf.c */
enum { COMMITMENT_HEX = 64, LEAF_KINDS_KEPT = 64, LEAF_KIND_MAX = 64 };

/** Columns of a row, and what of the row before is likely the same again. Zeroed at first. */
typedef struct LeafCheck {
	uint64_t seq;
	int64_t utc_us;
	const char *kind; /* not terminated */
	size_t kind_size;
	bool has_session;
	int64_t session, published;
	/* out */
	bool has_personal;
	/* kept */
	char station[2 * NOTE_NAME_MAX + 32], boot[CLOCK_BOOT_ID_MAX + 32]; /* with what stands around them */
	int64_t day_us;                                                     /* the day of `utc` began */
	char utc[CLOCK_UTC_TEXT_MAX];
	const RecordKind *kinds[LEAF_KINDS_KEPT]; /* found before, each where its name says */
} LeafCheck;

/** Whether a record of that kind is sent to the broker, or not, as the column says. */
bool leaf_published_matches(LeafCheck *check);
/** Whether the columns are what the leaf says. */
bool leaf_matches(LeafCheck *check, const char *leaf, size_t size);
