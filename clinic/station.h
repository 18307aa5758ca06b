/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** The stations that may ask: each has a certificate's name, and the key of its log. */

#include <stdbool.h>

#include "database.h"
#include "tlog/note.h"

enum { STATION_NAME_MAX = 64 };

typedef struct Station {
	char id[24]; /* of the table, as text */
	char name[STATION_NAME_MAX];
	char origin[NOTE_NAME_MAX];
	NoteVerifier key;
	bool quarantined;
} Station;

/** -ENOENT when no station has that name, with a sentence; else as in database.h. */
int station_find(PGconn *connection, const char *name, Station *ret, Error *error) _must_check_;

/** Reads the first row of columns station, origin, log_key, state. Errors as of note_verifier_parse(). */
int station_read(const PGresult *row, const char *name, Station *ret, Error *error) _must_check_;

/**
 * Puts a station on record. `key`: the public key of its log, whose name is the log's origin. -EEXIST when
 * the name or the log is on record already, -EINVAL for a name or key that cannot be.
 */
int station_enrol(PGconn *connection, const char *name, const char *key, Error *error) _must_check_;
