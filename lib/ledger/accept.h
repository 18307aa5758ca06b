/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What a record must meet before it is written, and how its kind's statements (sql/project/) run over it. One
 * file accept-AREA.c for each records/AREA.toml that has such rules; accept.c lists them. Only files of the
 * ledger include this.
 */

#include "ledger/ledger-private.h"

/* ---- rules of a kind ---- */

/** A record of a kind without one is accepted as it is. */
typedef struct Acceptance {
	const char *kind; /* NULL ends a list */
	/** Refuses the record, or completes its body; NULL: nothing of these. Of a replay it judges nothing
	 * again. */
	Project accept;
	/** The refusal where a row is there already that the record would make; NULL: it has no sentence of
	 * its own. */
	Project exists;
} Acceptance;

extern const Acceptance accept_correction[], accept_handpiece[], accept_inventory[], accept_people[],
	accept_pigment[], accept_proof[], accept_session[], accept_sterilization[], accept_subject[];

/** All of them; ends with NULL. */
extern const Acceptance *const acceptances[];

/* ---- the record ---- */

/** Ends with a refusal `r` (one of ledger_is_refusal()) and its sentence. Returns `r`. */
int projection_refuse(ProjectionContext *context, int r, const char *format, ...) _printf_(3, 4);
/** A text field of the body, or of what is kept beside it; NULL when it has none. */
const char *projection_text(const ProjectionContext *context, const char *field);
/** A whole number of the body; 0 when it has none. */
long long projection_number(const ProjectionContext *context, const char *field);
/** Puts a field into the body, which was not entered. Takes `value`. 0 or -ENOMEM. */
int projection_complete(ProjectionContext *context, const char *field, json_t *value) _must_check_;
/** The date of a time, YYYY-MM-DD. */
void projection_date(int64_t utc_us, char ret[CLOCK_UTC_TEXT_MAX]);
/** Today, never earlier than the newest record: for expiry. */
void projection_today(const ProjectionContext *context, char ret[CLOCK_UTC_TEXT_MAX]);

/* ---- statements over it ---- */

/**
 * Gets, binds and steps `sql`, whose parameters are @seq, @utc_us and @actor of the record, @twin
 * (twin_make() of its unit), or else fields of the body. The statement (_cleanup_(statement_donep)) is
 * left on its row, or *ret_row is false.
 */
int projection_step(
	ProjectionContext *context, const char *sql, sqlite3_stmt **ret, bool *ret_row) _must_check_;
/** Whether the same gives a row. */
int projection_has(ProjectionContext *context, const char *sql, bool *ret) _must_check_;
/** The same for what gives no row. A broken constraint is a refusal. */
int projection_run(ProjectionContext *context, const char *sql) _must_check_;
/** Whether the record's actor has one of `roles`, which are separated by blanks. */
int projection_actor_has(ProjectionContext *context, const char *roles, bool *ret) _must_check_;

/* ---- rules that several kinds share ---- */

/**
 * Whether what came in may be added to its lot. `select` finds that lot, if it is on record: its status, then
 * what a delivery must agree with, each column named as the field of the body. `what` the lot is of, for
 * people. -EKEYREVOKED: the lot is barred; -EINVAL: a field says otherwise. A replay checks nothing.
 */
int delivery_check(ProjectionContext *context, const char *what, const char *select) _must_check_;
/**
 * Whether a lot that `is` in a state may come into the one of the body. `what` the lot is of, for people. A
 * replay checks nothing.
 */
int status_check(ProjectionContext *context, const char *what, const char *is) _must_check_;
/**
 * Whether the cartridge that a claim names may be one on record, or cannot be told from others: -ENOTUNIQ
 * with the sentence. A replay checks nothing.
 */
int identity_check(ProjectionContext *context) _must_check_;
/** What a supervisor signs: the two cartridges of the body, `unit` and `other`, are two. */
int identity_distinct(ProjectionContext *context) _must_check_;
/**
 * Gives the names in a new record's body (pseudonym, badge, lot, ...) the spelling that is on record, where
 * they differ from it in case alone. A replay changes nothing.
 */
int spelling_settle(ProjectionContext *context) _must_check_;

/* ---- twins ---- */

/** Where the serial of a unit begins; NULL: it has none. */
const char *twin_serial(const char *unit);
/** What all spellings of a unit's serial have in common, with its product: the caller's; NULL of one without
 * a serial. */
int twin_make(const char *unit, char **ret) _must_check_;
