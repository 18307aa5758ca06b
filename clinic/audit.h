/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What an auditor may read: the records of all stations as they were proved when they came, the registry's
 * log, and what is not as it should be. What is personal is not here: it stays at the station. Questions are
 * not answered here: the auditor's own program asks them of the records.
 */

#include "answer.h"
#include "database.h"
#include "mirror.h"
#include "route.h"

/**
 * An answer of lines of JSON, made while it is sent, in constant memory: a part is one short statement, and
 * between two parts nothing of the database is held, however slow the reader is. The last line is
 * {"end": N} with the number of rows before it (a head is none); an answer without it was cut off.
 */
typedef struct AuditLines AuditLines;

struct AuditLines {
	/**
	 * Writes the next lines to `out`. Returns how many, 0 after the last, or a negative errno with a
	 * sentence in `error`. It blocks on the database.
	 */
	int (*next)(AuditLines *lines, PGconn *connection, FILE *out, Error *error);
	/** Frees what the answer has of its own; the lines are freed by the caller. NULL: nothing. */
	void (*done)(AuditLines *lines);
	Database *database;

	char *text; /* made and not read yet */
	size_t size, at;
	uint64_t rows;
	bool ended;
};

/** Answers with `lines`, which it takes. Its first part is made at once, so that an error is still a status.
 */
Answer audit_answer_lines(AuditLines *lines);
/** Writes the first column of each row as a line. Returns the number of rows. */
int audit_put_rows(const PGresult *rows, FILE *out);

/** A station whose records are asked for, and the newest checkpoint whose records are all here. */
typedef struct AuditedStation {
	char id[24];   /* of the table, as text */
	char *note;    /* owned; "" while nothing is mirrored */
	uint64_t size; /* records of that checkpoint */
} AuditedStation;

/** Nothing of the database is held. */
void audited_station_done(AuditedStation *station);
/** -ENOENT with a sentence when there is no such station. */
int audited_station_find(
	PGconn *connection, const char *name, AuditedStation *ret, Error *error) _must_check_;
/** Adds the mirror's cosignatures to the station's note. */
int audited_station_cosign(AuditedStation *station, const Mirror *mirror) _must_check_;

/**
 * What narrows the records of a station to those that a question is about: all that belong to no session, and
 * those of the sessions that name a word or have a number. Neither: all of them.
 */
typedef struct AuditNarrowing {
	char *words;      /* a text[] of PostgreSQL, owned; NULL: none */
	char session[24]; /* "": none */
} AuditNarrowing;

void audit_narrowing_done(AuditNarrowing *narrowing);
/** Reads unit=, lot=, subject= and session= of a request. -EINVAL with a sentence. */
int audit_narrowing_read(
	PGconn *connection, const struct Request *request, AuditNarrowing *ret, Error *error) _must_check_;

/** Answers with the records of a station from entry `from` on; takes what `station` and `narrowing` own. */
Answer audit_answer_records(Database *database, const char *name, AuditedStation *station,
	AuditNarrowing *narrowing, uint64_t from);

/**
 * The proof that a record is among the first `size` of its station, whose signed checkpoint is `note`. The
 * caller owns it. Makes and keeps what it needs of the tree; blocks on the database, the first time for long.
 */
int audit_prove_record(PGconn *connection, const char *station, uint64_t entry, uint64_t size,
	const char *note, char **ret, Error *error) _must_check_;
