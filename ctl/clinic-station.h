/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** Reads the records of one station from the clinic's server into a ledger's file, and verifies them. */

#include "clinic-registry.h"

typedef struct ClinicStation {
	const char *name, *origin; /* as the server lists it; the name is checked */
	NoteVerifier key;          /* of its log; kind 0: not known */
	const char *path;          /* of the ledger's file: new, or one that is continued */
	const json_t *narrowing;   /* "lot", "unit", "subject" or "session"; empty: all records */
	uint64_t records;          /* that were read or are in the file */
	uint64_t size;             /* of the checkpoint that they were read under */
	bool whole, proved; /* all records of that checkpoint; and its root is theirs, signed by `key` */
	bool cosigned;      /* by a pinned key of the mirror */
} ClinicStation;

/** Fills the last fields. A broken answer is kept as far as it came where all records are read. */
int clinic_station_load(ClinicStation *station, const Ctl *ctl, const ClinicAccess *access,
	const KnownKeys *pinned, Error *error) _must_check_;

/**
 * Writes the proof of a record into FOLDER/STATION-RECORD.proof, after it was verified with the station's
 * key. -EBADMSG: it proves nothing.
 */
int clinic_station_prove(const ClinicStation *station, const ClinicAccess *access, const KnownKeys *pinned,
	const char *folder, uint64_t record, Error *error) _must_check_;
