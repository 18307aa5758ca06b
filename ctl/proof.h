/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** What the commands about proofs share: where the ledger is, and how findings are told. */

#include "client.h"

#include "ledger/verify.h"

/**
 * The ledger's file, which is said on standard error: --ledger, or what the station on the bus says, or else
 * where the machine's own station has it. Ends the program when that is another one: it would be the wrong
 * file.
 */
const char *proof_ledger(const Ctl *ctl);

/** Verifies with findings printed as they come. CTL_FAILED also when there are findings. */
int proof_verify(const Ctl *ctl, VerifyOptions *options, Verification *ret);

/** One finding or message, as a line. */
void proof_tell(const Ctl *ctl, const char *what, const char *text);

/** Reads --key; false without one. CTL_USAGE after printing when it is none. */
int proof_read_key(const Ctl *ctl, NoteVerifier *ret, bool *ret_given);

/* export.c */
int export_run(Ctl *ctl, int n, char **arguments);
/** Verifies an exported folder. */
int export_verify(Ctl *ctl, const char *folder);
