/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the commands about proofs share: finding the ledger and reporting findings. */

/* SQLite's heap limit, whatever file it reads: a verification with 64 threads takes a tenth of it */
#define CTL_LEDGER_MEMORY (INT64_C(512) << 20)

#include "client.h"

#include "ledger/verify.h"

/* ---- proof-ledger.c ---- */

/**
 * Finds the ledger's file and names it on standard error: the file of --ledger, or the one that the station
 * on the bus names, or else the default path of this machine's own station. Ends the program when the bus is
 * not the system bus and its station gives no answer, because the default path would be the wrong file.
 */
const char *proof_ledger(const Ctl *ctl);

/**
 * The running station's own ledger. The station is asked but not started; NULL: no answer. Not to be freed.
 */
const char *proof_station_ledger(const Ctl *ctl);

/** Opens the ledger read-only. CTL_FAILED after printing why not. */
int proof_open_ledger(const char *path, Ledger **ret);

/** Verifies the ledger and prints findings as they come. CTL_FAILED also when there are findings. */
int proof_verify(const Ctl *ctl, VerifyOptions *options, Verification *ret);

/** Prints one finding or message as a line. */
void proof_tell(const Ctl *ctl, const char *what, const char *text);

/* ---- proof-read.c: without any ledger ---- */

enum { KNOWN_KEYS_MAX = 96, PROOF_FILE_MAX = 256 << 20 };

typedef struct KnownKeys {
	NoteVerifier keys[KNOWN_KEYS_MAX];
	size_t n;
} KnownKeys;

/**
 * Reads the keys of --key, separated by blanks, and those of the file of --policy; none without these
 * options. CTL_USAGE or CTL_FAILED after printing what is wrong.
 */
int proof_read_keys(const Ctl *ctl, KnownKeys *ret);

/** Adds the keys that this ledger has had, of proof-ledger.c. CTL_FAILED after printing why not. */
int proof_add_ledger_keys(Ledger *ledger, KnownKeys *known);

/** Reads a text of at most PROOF_FILE_MAX bytes without NUL. CTL_FAILED after printing what is wrong. */
int proof_read_text(const char *file, char **ret, size_t *ret_size);

/** As the function above, but turns the scanned text of a report's QR code into the proof that it holds. */
int proof_read_proof(const char *file, char **ret, size_t *ret_size);

#define PROOF_BEGINNING "c2sp.org/tlog-proof"

/** The signed note in a message of the topic `checkpoint`; NULL: the message has none. */
const char *proof_note_of(const json_t *message);

/** Handles one message with a checkpoint; lines count from 1. Any result but CTL_DONE ends the reading. */
typedef int (*ProofEach)(void *userdata, unsigned line, const json_t *message);

/** Runs `each` on saved messages, one a line. Modifies `text`. CTL_FAILED also when a line is no message. */
int proof_each_message(const char *file, char *text, ProofEach each, void *userdata);

/** Reads a saved checkpoint: the file itself, or the last of its messages. It is not verified yet. */
int proof_read_checkpoint(const char *file, char **ret, size_t *ret_size);

#define PROOF_NEXT_KEY "\nthe next key of this log\n"

/** Prints why the file proves nothing and, for an unknown key, what is needed. Returns CTL_FAILED. */
int proof_refuse(const char *file, int r, const char *why);
/** Prints what this checkpoint proves, and who signed it. */
int proof_tell_verified(
	const Ctl *ctl, const KnownKeys *known, const char *note, size_t size, const char *what);

/* ---- proof-policy.c ---- */

/** Adds the logs and witnesses of --policy. CTL_FAILED after printing what is wrong. */
int proof_add_policy_keys(const Ctl *ctl, KnownKeys *known);
/**
 * Whether as many of its witnesses cosigned the checkpoint as --policy asks; true without that option. The
 * keys have verified the checkpoint. Prints why not.
 */
bool proof_satisfies_policy(const Ctl *ctl, const KnownKeys *known, const char *note, size_t size);

/* ---- proof-check.c ---- */

/** audit verify --proof. `since`: a file with the checkpoint that a proof of growth starts from; NULL: none.
 */
int proof_check(Ctl *ctl, const char *since);

/* ---- proof-chain.c ---- */

/**
 * audit verify --proof of saved messages, one a line. Modifies `text`, and adds the keys that are vouched
 * for.
 */
int proof_check_messages(Ctl *ctl, KnownKeys *known, char *text);

/* ---- proof-witness.c ---- */

/** The command audit witness. */
int proof_witness(Ctl *ctl, int n, char **arguments);

/* ---- export.c, export-check.c ---- */

int export_run(Ctl *ctl, int n, char **arguments);
/** Whether a record ends a session. An export holds a proof of such a record. */
bool export_ends_session(const char *leaf, size_t size);
/** Whether an export holds a file whose digest this record names. */
bool export_has_attachment(const char *leaf, size_t size);
/** Verifies an exported folder. `since`: a file with a checkpoint that it must continue; NULL: none. */
int export_verify(Ctl *ctl, const char *folder, const char *since);
