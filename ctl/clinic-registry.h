/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * The registry's log, verified whole: its root is computed again from all leaves and compared with the
 * checkpoint that a pinned key signed. It says which station has which key, and which cartridges it may
 * claim.
 */

#include "clinic-https.h"
#include "proof.h"
#include "tlog/merkle.h"

/** What is not as it should be: a kind, a station ("" none), and a sentence. */
typedef void (*ClinicFinding)(void *userdata, const char *kind, const char *station, const char *says);

typedef struct RegistryLog {
	const KnownKeys *pinned;
	MerkleTree tree;
	char *note;                 /* the checkpoint; owned */
	char origin[NOTE_NAME_MAX]; /* "": no pinned key signed it, so that nothing is proved */
	json_t *keys;               /* origin of a station's log -> its key */
	json_t *holders;            /* cartridge -> [[number of the leaf, origin], ...] */
	json_t *ranges;             /* [number of the leaf, origin, lot's unit, first, last], ... */
	ClinicFinding finding;      /* NULL: nobody wants to know */
	void *userdata;
} RegistryLog;

/** A cleanup function. */
void registry_log_done(RegistryLog *log);
/**
 * Reads and verifies it. `log` has `pinned`, and `finding` where findings are wanted: a cartridge that was
 * granted to two stations without a move. `file`: one that was saved; NULL: from the server. `copy`: NULL, or
 * where it is saved. -EBADMSG: it is not the log that was signed; -ENOKEY: no pinned key has signed it.
 */
int registry_log_read(RegistryLog *log, const ClinicAccess *access, const char *file, FILE *copy,
	Error *error) _must_check_;
/** Whether leaf `grant` lets the station claim the cartridge. */
bool registry_log_grants(const RegistryLog *log, uint64_t grant, const char *origin, const char *unit);
/** Takes pinned keys, separated by blanks or newlines. CTL_DONE, or CTL_USAGE after printing. */
int clinic_pinned_keys(const ClinicAccess *access, KnownKeys *ret) _must_check_;

/** The commands `audit registry`, `audit findings` and `audit stations`. */
int clinic_registry_command(Ctl *ctl, int n, char **arguments);
int clinic_findings_command(Ctl *ctl, int n, char **arguments);
int clinic_stations_command(Ctl *ctl, int n, char **arguments);
