/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A station whose log contradicts itself: its card was cloned or restored. */

#include "program.h"
#include "registry-log.h"
#include "station.h"

/** Why, and the signed checkpoints that show it. */
typedef struct Contradiction {
	const char *says;
	const char *note, *other_note; /* the second may be NULL */
} Contradiction;

/**
 * Quarantines the station, writes off what it holds, and puts the evidence into the registry's log and among
 * the findings. Within a transaction that has the lock on the station's log. Errors as of registry_append().
 */
int quarantine_station(PGconn *connection, const NoteSigner *signer, const Station *station,
	const Contradiction *contradiction, Error *error) _must_check_;

/** The command that admits a quarantined station again, with the key of a new log. */
int readmit_run(Program *program, char **words, Error *error) _must_check_;
/** The command that lists what contradicts itself. */
int findings_run(Program *program, char **words, Error *error) _must_check_;
