/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the commands about proofs share: where the ledger is, and how findings are told. */

/* of SQLite, whatever file it is asked to read: a verification with 64 threads takes a tenth */
#define CTL_LEDGER_MEMORY (INT64_C(512) << 20)

#include "client.h"

#include "ledger/verify.h"

/* ---- proof-ledger.c ---- */

/**
 * The ledger's file, which is said on standard error: --ledger, or what the station on the bus says, or else
 * where the machine's own station has it. Ends the program when that is another one: it would be the wrong
 * file.
 */
const char *proof_ledger(const Ctl *ctl);

/** The running station's own, which is asked without being started; NULL: no answer. Not to be freed. */
const char *proof_station_ledger(const Ctl *ctl);

/** Opens it to be read only. CTL_FAILED after printing why not. */
int proof_open_ledger(const char *path, Ledger **ret);

/** Verifies with findings printed as they come. CTL_FAILED also when there are findings. */
int proof_verify(const Ctl *ctl, VerifyOptions *options, Verification *ret);

/** One finding or message, as a line. */
void proof_tell(const Ctl *ctl, const char *what, const char *text);

/* ---- proof-read.c: without any ledger ---- */

enum { KNOWN_KEYS_MAX = 32, PROOF_FILE_MAX = 256 << 20 };

typedef struct KnownKeys {
	NoteVerifier keys[KNOWN_KEYS_MAX];
	size_t n;
} KnownKeys;

/** The keys of --key, separated by blanks; none without one. CTL_USAGE after printing what is wrong. */
int proof_read_keys(const Ctl *ctl, KnownKeys *ret);

/** A text of at most PROOF_FILE_MAX bytes without NUL. CTL_FAILED after printing what is wrong. */
int proof_read_text(const char *file, char **ret, size_t *ret_size);

/** The same; what a scanner read from a report's code becomes the proof that it holds. */
int proof_read_proof(const char *file, char **ret, size_t *ret_size);

#define PROOF_BEGINNING "c2sp.org/tlog-proof"

/** The signed note in a message of the topic `checkpoint`; NULL: it has none. */
const char *proof_note_of(const json_t *message);

/** Takes a message with a checkpoint, from line 1. Anything but CTL_DONE ends it. */
typedef int (*ProofEach)(void *userdata, unsigned line, const json_t *message);

/** Runs `each` on saved messages, one a line, and writes into `text`. CTL_FAILED also when a line is none. */
int proof_each_message(const char *file, char *text, ProofEach each, void *userdata);

/** A saved checkpoint: the file itself, or the last of its messages. Not checked yet. */
int proof_read_checkpoint(const char *file, char **ret, size_t *ret_size);

#define PROOF_NEXT_KEY "\nthe next key of this log\n"

/** Prints why the file proves nothing, and what a key that is not known needs. CTL_FAILED. */
int proof_refuse(const char *file, int r, const char *why);
/** Says what was proved by this checkpoint, and who signed it. */
int proof_tell_verified(
	const Ctl *ctl, const KnownKeys *known, const char *note, size_t size, const char *what);

/* ---- proof-check.c ---- */

/** audit verify --proof. `since`: a file with the checkpoint that a proof of growth starts from; NULL: none.
 */
int proof_check(Ctl *ctl, const char *since);

/* ---- proof-chain.c ---- */

/** audit verify --proof of saved messages, one a line. Writes into `text`, and adds keys that were vouched
 * for.
 */
int proof_check_messages(Ctl *ctl, KnownKeys *known, char *text);

/* ---- proof-witness.c ---- */

/** The command audit witness. */
int proof_witness(Ctl *ctl, int n, char **arguments);

/* ---- export.c, export-check.c ---- */

int export_run(Ctl *ctl, int n, char **arguments);
/** Whether a record ends a session, which an export has a proof of. */
bool export_ends_session(const char *leaf, size_t size);
/** Whether an export has a file of this record, which names its digest. */
bool export_has_attachment(const char *leaf, size_t size);
/** Verifies an exported folder. `since`: a file with a checkpoint that it must continue; NULL: none. */
int export_verify(Ctl *ctl, const char *folder, const char *since);
