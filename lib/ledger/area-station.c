/* SPDX-License-Identifier: Apache-2.0 */

/**
 * The table of records itself, and the records of the station: starts, faults, alerts, the clock, and who
 * read. A record must not be changed or deleted: triggers refuse both.
 */

#include "ledger/area.h"

/* the records of each day, so that a question about a time need not read all; a clock that was set back may
 * let days overlap */
#define DAYS                                                                                               \
	"INSERT INTO record_day(day, first_seq, last_seq) SELECT utc_us / 86400000000, min(seq), max(seq)" \
	" FROM record GROUP BY 1;"

static const char *const tables[] = { "record_day", NULL };

static const Projection projections[] = { { NULL } };

/* kinds that name a person, and need no session for it */
#define ABOUT_SUBJECTS \
	"'subject.registered', 'subject.changed', 'course.planned', 'incident.reported', 'personal.erased'"
#define NAMES_SUBJECT \
	"@subject COLLATE NOCASE IN (" RECORDED("subject") ", " RECORDED("arguments.subject") ")"
#define CORRECTED_TO "field = 'subject' AND new" SAME_NAME("@subject")
#define SESSIONS_OF  "SELECT session FROM session WHERE subject" SAME_NAME("@subject")
#define SESSIONS_CORRECTED \
	"SELECT record.session" FROM_CORRECTIONS "WHERE " IS_SUBJECT " AND new" SAME_NAME("@subject")
#define OR_ALSO " UNION ALL "
/**
 * Everything about one person: the records of the sessions, those that name the person, what a correction
 * made the person's, and the corrections. Found by session, kind and number: no ledger of millions is read
 * for it.
 */
#define OF_SUBJECT(kinds)                                                                                  \
	{ "subject",                                                                                       \
		"seq IN (SELECT seq FROM record WHERE session IN (" SESSIONS_OF OR_ALSO SESSIONS_CORRECTED \
		")" OR_ALSO "SELECT seq FROM record WHERE kind IN (" kinds ") AND " NAMES_SUBJECT OR_ALSO  \
		"SELECT corrects FROM correction WHERE " CORRECTED_TO OR_ALSO                              \
		"SELECT correction.seq" FROM_CORRECTIONS "WHERE " NAMES_SUBJECT " OR " CORRECTED_TO ")",   \
		ARGUMENT_TEXT, false }

static const LedgerQuery queries[] = {
	{ "records", "SELECT seq, utc_us AS \"time:utc\", kind, " ACTOR ", " BODY " FROM record WHERE 1",
		" ORDER BY seq",
		ARGUMENTS(RECORDED_BETWEEN, BY_TEXT("kind", "kind"), BY_NUMBER("session", "session"),
			OF_SUBJECT(ABOUT_SUBJECTS ", 'audit.read'"), AFTER("seq"), LIMIT) },
	/* what happened, without the strokes and without who looked */
	{ "timeline",
		"SELECT seq, utc_us AS \"time:utc\", kind, " ACTOR ", session, " BODY
		" FROM record WHERE kind NOT IN ('strokes', 'audit.read')",
		" ORDER BY seq",
		ARGUMENTS(RECORDED_BETWEEN, BY_TEXT("kind", "kind"), BY_NUMBER("session", "session"),
			OF_SUBJECT(ABOUT_SUBJECTS), AFTER("seq"), LIMIT) },
	{ "faults",
		"SELECT seq, utc_us AS \"time:utc\", kind, " ACTOR
		", session, " COLUMN("cause") ", " COLUMN("board_fault") ", " COLUMN("detail") ", " WORDS_COLUMN(
			"note") ", " COLUMN("signed") ", " CORRECTED("= record.seq") " FROM record WHERE kind IN ('fault.latched', 'fault.acknowledged')",
		" ORDER BY seq",
		ARGUMENTS(RECORDED_BETWEEN, BY_NUMBER("session", "session"), AFTER("seq"), LIMIT) },
	{ "outbox",
		"SELECT seq, kind, utc_us AS \"utc:utc\", json_extract(CAST(leaf AS TEXT), '$.body') AS body,"
		" json_extract(CAST(leaf AS TEXT), '$.body.zone') AS zone FROM record WHERE published",
		" ORDER BY seq", ARGUMENTS(AFTER("seq"), LIMIT), .lookup_only = true, .limit = 100 },
	{ "waiting", "SELECT count(*) AS messages FROM record WHERE published", "", ARGUMENTS(AFTER("seq")),
		.lookup_only = true },
	{ NULL },
};

const LedgerArea area_station = { tables, projections, queries, .rebuild = DAYS };
