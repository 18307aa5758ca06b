/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Shared by the files of the verification. Nothing else includes it. */

#include "ledger/reader.h"
#include "ledger/tree.h"
#include "ledger/verify.h"

/** A checkpoint of the file, and the hash of its part beyond the last full block (verify-records.c). */
typedef struct KeptCheckpoint {
	uint64_t size;
	MerkleHash rest;
	char *note;
	bool witnessed; /* a copy that somebody else kept */
} KeptCheckpoint;

typedef struct Verifier {
	const VerifyOptions *options;
	Verification *found;
	Reader *reader; /* one snapshot for everything; the ledger is attached as "kept" */
	sqlite3 *db;    /* of the reader */
	Statements statements;
	uint64_t total;              /* records in the snapshot */
	uint64_t expected;           /* number of photographs, only for the progress */
	int64_t latest_us;           /* highest time of any record */
	KeptCheckpoint *checkpoints; /* sorted by size */
	size_t n_checkpoints;
	uint64_t fits, differs; /* largest size at which a witnessed checkpoint fits, smallest at which one
				   differs; 0 none */
	pthread_mutex_t lock;   /* protects the callbacks, `found` and `committed` */
	bool replayed;          /* our own tables have been filled from the file's records */
	uint64_t *committed;    /* records that have a commitment to personal data */
	size_t n_committed;
} Verifier;

/** Reports one finding. Any thread. */
void verify_finding(Verifier *verifier, const char *format, ...) _printf_(2, 3);
/** Reports something that is not damage. The caller's thread. */
void verify_remark(Verifier *verifier, const char *format, ...) _printf_(2, 3);
bool verify_left(const Verifier *verifier);
/** Runs `each` on all rows of `sql`; a negative result or `leave` ends it. */
int verify_each_row(Verifier *verifier, const char *sql, int (*each)(void *userdata, sqlite3_stmt *row),
	void *userdata) _must_check_;

int verify_records(Verifier *verifier) _must_check_;
int verify_keys(Verifier *verifier) _must_check_;
/** Checks the registry's leaves, and the claims under the clinic's rules. */
int verify_clinic(Verifier *verifier) _must_check_;
/** Checks nodes, checkpoints, marks and cursors, after the records. */
int verify_state(Verifier *verifier) _must_check_;
int verify_beside(Verifier *verifier) _must_check_;
int verify_projections(Verifier *verifier) _must_check_;
/** The last part; it releases the snapshot of the ledger on the way. */
int verify_photographs(Verifier *verifier) _must_check_;

/* verify-leaf.c */
enum { COMMITMENT_HEX = 64, LEAF_KINDS_KEPT = 64, LEAF_KIND_MAX = 64 };

/** The columns of a row, and parts of the previous row that probably repeat. Zero it first. */
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
	char station[2 * NOTE_NAME_MAX + 32], boot[CLOCK_BOOT_ID_MAX + 32]; /* with the JSON around them */
	int64_t day_us;                                                     /* start of the day of `utc` */
	char utc[CLOCK_UTC_TEXT_MAX];
	const RecordKind *kinds[LEAF_KINDS_KEPT]; /* kinds found before, indexed by their name */
} LeafCheck;

/** Whether the column matches what the kind says: that its records are sent to the broker, or not. */
bool leaf_published_matches(LeafCheck *check);
/** Whether the columns match the leaf. */
bool leaf_matches(LeafCheck *check, const char *leaf, size_t size);
