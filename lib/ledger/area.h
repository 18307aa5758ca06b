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

/* ---- questions ---- */

typedef enum ArgumentType {
	ARGUMENT_TEXT,
	ARGUMENT_NUMBER,
	ARGUMENT_TIME,
} ArgumentType;

typedef struct Argument {
	const char *name;  /* NULL ends a list */
	const char *where; /* condition that it adds; the value is bound to it */
	ArgumentType type;
	bool needed;
} Argument;

struct LedgerQuery {
	const char *name;
	const char *select; /* ends in a WHERE */
	const char *order;
	const Argument *arguments;
	bool lookup_only; /* not for an auditor's stream: it shows PIN hashes, or is the station's own
			     business */
	int64_t limit;    /* where none is given; 0: no limit */
};

#define ARGUMENTS(...)          ((const Argument[]){ __VA_ARGS__, { NULL } })
#define NO_ARGUMENTS            ((const Argument[]){ { NULL } })
#define BY_TEXT(name, column)   { name, column " = @" name, ARGUMENT_TEXT, false }
#define BY_NUMBER(name, column) { name, column " = @" name, ARGUMENT_NUMBER, false }
/** The same of a name: pseudonym, badge, lot, ... "p-42" is "P-42", see spelling.c. */
#define BY_NAME(name, column)     { name, column SAME_NAME("@" name), ARGUMENT_TEXT, false }
#define NEED_NAME(name, column)   { name, column SAME_NAME("@" name), ARGUMENT_TEXT, true }
#define NEED_TEXT(name, column)   { name, column " = @" name, ARGUMENT_TEXT, true }
#define NEED_NUMBER(name, column) { name, column " = @" name, ARGUMENT_NUMBER, true }
#define SINCE(column)             { "from", column " >= @from", ARGUMENT_TIME, false }
#define UNTIL(column)             { "to", column " < @to", ARGUMENT_TIME, false }
#define BETWEEN(column)           SINCE(column), UNTIL(column)
/** The same for a column that holds dates. */
#define BETWEEN_DATES(column)                                                              \
	{ "from", column " >= date(@from / 1000000, 'unixepoch')", ARGUMENT_TIME, false }, \
	{                                                                                  \
		"to", column " < date(@to / 1000000, 'unixepoch')", ARGUMENT_TIME, false   \
	}
/** The same for records, of which record_day knows where to look. */
#define RECORDED_BETWEEN                                                                                               \
	{ "from",                                                                                                      \
		"seq >= (SELECT min(first_seq) FROM record_day WHERE day >= @from / 86400000000) AND utc_us >= @from", \
		ARGUMENT_TIME, false },                                                                                \
	{                                                                                                              \
		"to", "seq <= (SELECT max(last_seq) FROM record_day WHERE day <= @to / 86400000000) AND utc_us < @to", \
			ARGUMENT_TIME, false                                                                           \
	}
#define AFTER(column) { "after", column " > @after", ARGUMENT_NUMBER, false }
/**
 * The same where rows of `table` come in the order of `columns`, none of them NULL: those behind the row with
 * this number (0: all), which it must keep for good.
 */
#define AFTER_ROW(table, columns)                                                                         \
	{ "after",                                                                                        \
		"coalesce((" columns ") > (SELECT " columns " FROM " table " WHERE seq = @after), @after" \
		" = 0)",                                                                                  \
		ARGUMENT_NUMBER, false }
/** A figure or text that `select` itself uses; NULL there when it is not given. */
#define PARAMETER(name, type) { name, "@" name " IS NOT NULL", type, false }
#define LIMIT                 { "limit", NULL, ARGUMENT_NUMBER, false }

/* a column "name:utc" is shown as time, "name:json" is text that holds JSON, "name:personal" goes where
 * personal data may, "name:words" is both of these; @impersonal is true where it may not */
#define RECORDED(field) "json_extract(CAST(leaf AS TEXT), '$.body." field "')"
/** Somebody's own words: beside the leaf of `row` (a table record or its alias), or in the body of an old
 * record. */
#define WORDS_OF(row, field)                                                                         \
	"coalesce((SELECT json_extract(data, '$." field "') FROM personal WHERE personal.seq = " row \
	".seq),"                                                                                     \
	" json_extract(CAST(" row ".leaf AS TEXT), '$.body." field "'))"
#define WORDS_COLUMN(field) WORDS_OF("record", field) " AS \"" field ":personal\""
/** The same of the record with this number: projections keep the number, and no copy of the words. */
#define WORDS_BY(number, field) \
	"(SELECT " WORDS_OF("said", field) " FROM record AS said WHERE said.seq = " number ")"
/** A column that is a field of a record's body. */
#define COLUMN(field) RECORDED(field) " AS " field
#define RECORDER      "json_extract(CAST(leaf AS TEXT), '$.actor')"
#define ACTOR         RECORDER " AS actor"
/** What people said in their own words with a record: who somebody is, and a PIN's hash, are not among it. */
#define SAID_BESIDE                                                                                         \
	"(SELECT nullif(json_remove(data, '$.name', '$.contact', '$.person', '$.pin'), '{}') FROM personal" \
	" WHERE personal.seq = record.seq)"
#define WORDS_BESIDE_BODY SAID_BESIDE " AS \"words:words\""
#define BODY                                                                              \
	"json_extract(CAST(leaf AS TEXT), '$.body') AS \"body:json\", " WORDS_BESIDE_BODY \
	", " CORRECTED("= record.seq")

/* ---- corrections ---- */

/* a row shows what was recorded; its column `corrected` says what later corrections say instead, by field */

/* a text of the correction with this number, where words may not go only what its leaf says: the projection
   has copies of words, too */
#define SAID_IN_LEAF(text, number) \
	"iif(@impersonal, (SELECT " RECORDED(text) " FROM record WHERE record.seq = " number "), " text ")"
/* of rows with whose, field, new, seq: for each of `whose` the newest value of each field */
#define NEWEST(corrections)                                                                               \
	"SELECT whose, json_group_object(field, " SAID_IN_LEAF(                                           \
		"new", "newest") ") AS corrected FROM (SELECT whose, field, new, max(seq) AS newest FROM" \
				 " (" corrections ") GROUP BY whose, field) GROUP BY whose"
/** The column, of a row that comes from the records with `these` numbers: most have none, which costs least.
 */
#define CORRECTED(these)                                                                                \
	"CASE WHEN EXISTS(SELECT 1 FROM correction WHERE corrects " these                               \
	") THEN (SELECT corrected FROM (" NEWEST(                                                       \
		"SELECT 0 AS whose, field, new, seq FROM correction WHERE corrects " these) ")) END AS" \
											    " \"corrected:json\""

/* where a row does not know all of its records, the corrections are asked which rows they are about, once and
   for all rows of the answer: they are few. CROSS keeps SQLite from asking the other way round. */
#define FROM_CORRECTIONS " FROM correction CROSS JOIN record ON record.seq = corrects "
#define CORRECTIONS_OF(whose, joined) \
	"SELECT " whose " AS whose, field, new, correction.seq" FROM_CORRECTIONS joined
/** The join that finds them, and its column; `row`: what `whose` is of a row. */
#define JOIN_CORRECTIONS(corrections, row) " LEFT JOIN (" NEWEST(corrections) ") ON whose = " row
#define JOINED_CORRECTIONS                 "corrected AS \"corrected:json\""

/* that somebody else was in the chair */
#define IS_SUBJECT "kind = 'session.begun' AND field = 'subject'"
/* of rows of unit; a session's cartridges may have been disposed of together */
#define CORRECTIONS_OF_UNITS                                                                                     \
	CORRECTIONS_OF("made.seq",                                                                               \
		"CROSS JOIN unit AS made ON made.unit = " RECORDED(                                              \
			"unit") " WHERE kind"                                                                    \
				" IN ('needle.claimed', 'needle.removed', 'needle.disposed', 'needle.damaged')") \
	" UNION ALL " CORRECTIONS_OF("made.seq",                                                                 \
		"CROSS JOIN unit AS made ON made.session = record.session"                                       \
		" WHERE " IS_SUBJECT " OR kind = 'needle.disposed' AND " RECORDED("unit") " IS NULL")
/* of rows of pigment_use */
#define CORRECTIONS_OF_PIGMENTS                                     \
	CORRECTIONS_OF("corrects", "WHERE kind = 'pigment.loaded'") \
	" UNION ALL " CORRECTIONS_OF("made.seq",                    \
		"CROSS JOIN pigment_use AS made ON made.session = record.session WHERE " IS_SUBJECT)

/* of a row of `operator`: roles is a JSON list */
#define IS_ADMINISTRATOR "roles LIKE '%\"administrator\"%'"

/* ---- areas ---- */

/** Lists end with an element whose name is NULL. */
typedef struct LedgerArea {
	const char *const *tables; /* projections, emptied before a rebuild; ends with NULL */
	const Projection *projections;
	const LedgerQuery *queries;
	const char *rebuild; /* NULL, or SQL that a rebuild ends with, for what no kind's projection writes */
} LedgerArea;

extern const LedgerArea area_station, area_people, area_session, area_inventory, area_pigment, area_handpiece,
	area_sterilization, area_compliance, area_subject, area_correction, area_audit, area_proof;

/** All of them, in the order in which their tables are made; ends with NULL. */
extern const LedgerArea *const ledger_areas[];
