/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * What an area of the record (people, inventory, sessions, ...) is made of: its tables, what each kind of
 * record changes there, and the questions that can be asked. One file area-NAME.c each; area.c lists
 * them. Only files of the ledger include this.
 */

#include "ledger/ledger-private.h"

/* ---- what a kind of record changes ---- */

/** Ends a projection with a refusal `r` (one of ledger_is_refusal()) and its sentence. Returns `r`. */
int projection_refuse(ProjectionContext *context, int r, const char *format, ...) _printf_(3, 4);
/** A text field of the body; NULL when it has none. */
const char *projection_text(const ProjectionContext *context, const char *field);
/**
 * Gets, binds and steps `sql`, whose parameters are @seq, @utc_us and @actor of the record or else fields of
 * the body. The statement (_cleanup_(statement_donep)) is left on its row, or *ret_row is false.
 */
int projection_step(
	ProjectionContext *context, const char *sql, sqlite3_stmt **ret, bool *ret_row) _must_check_;
/** The same for what gives no row. A broken constraint is a refusal. */
int projection_run(ProjectionContext *context, const char *sql) _must_check_;
/** Whether the record's actor has one of `roles`, which are separated by blanks. */
int projection_actor_has(ProjectionContext *context, const char *roles, bool *ret) _must_check_;
/**
 * Whether what came in may be added to its lot. `select` finds that lot, if it is on record: its status,
 * then what a delivery must agree with, each column named as the field of the body. `what`
 * the lot is of, for people. -EKEYREVOKED: the lot is barred; -EINVAL: a field says otherwise. A replay
 * checks nothing.
 */
int delivery_check(ProjectionContext *context, const char *what, const char *select) _must_check_;
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
/** What compares a name with `value`, as spelling.c says; for SQL. */
#define SAME_NAME(value) " = " value " COLLATE NOCASE"
/** The date of a time, YYYY-MM-DD. */
void projection_date(int64_t utc_us, char ret[CLOCK_UTC_TEXT_MAX]);
/** Today, never earlier than the newest record: for expiry. */
void projection_today(const ProjectionContext *context, char ret[CLOCK_UTC_TEXT_MAX]);

/**
 * Ends with a refusal when the term of what the body names (subject, badge or record) is not over, by the
 * terms in its field `keep`; what these do not have is kept for no time.
 */
int retention_check(ProjectionContext *context) _must_check_;

/* ---- parts of statements ---- */

#define RECORDED(field)  "json_extract(CAST(leaf AS TEXT), '$.body." field "')"
#define FROM_CORRECTIONS " FROM correction CROSS JOIN record ON record.seq = corrects "
/* that somebody else was in the chair */
#define IS_SUBJECT "kind = 'session.begun' AND field = 'subject'"
/* of a row of `operator`: roles is a JSON list */
#define IS_ADMINISTRATOR "roles LIKE '%\"administrator\"%'"

/* ---- areas ---- */

/** Lists end with an element whose name is NULL. */
typedef struct LedgerArea {
	const char *const *tables; /* projections, emptied before a rebuild; ends with NULL */
	const Projection *projections;
	const char *rebuild; /* NULL, or SQL that a rebuild ends with, for what no kind's projection writes */
} LedgerArea;

extern const LedgerArea area_station, area_people, area_session, area_inventory, area_pigment, area_handpiece,
	area_sterilization, area_compliance, area_subject, area_correction, area_proof;

/** All of them, in the order in which their tables are made; ends with NULL. */
extern const LedgerArea *const ledger_areas[];
