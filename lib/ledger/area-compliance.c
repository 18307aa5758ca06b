/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What a compliance profile asks for, held against the record. The profile's figures come as arguments, so
 * that the questions are the same under every profile; what is not given asks for nothing.
 */

#include "ledger/area.h"
#include "ledger/due.h"

static const char *const tables[] = { NULL };
static const Projection projections[] = { { NULL } };

/* ---- gaps: rule, subject, what is missing, since when ---- */

/* clang-format would indent each part further than the one before */
/* clang-format off */

#define AND_THEN " UNION ALL "

/* ---- personal data past its term: whose, how old the newest record is, what an erasure would delete ---- */

#define KEPT(us, group) \
	"date(" us " / 1000000, 'unixepoch', '+' || json_extract(@keep, '$." group "') || ' days')"
#define PERSONAL_OF(field) \
	"SELECT " RECORDED(field) " AS who, count(*) AS personal, 0 AS photographs FROM personal" \
	" JOIN record USING(seq) WHERE who IS NOT NULL AND kind <> 'personal.erased' GROUP BY who"
#define PHOTOGRAPHS \
	"SELECT subject, 0, count(*) FROM image JOIN session USING(session) WHERE erase_seq IS NULL GROUP BY subject"

#define NEWEST_OF(table) "coalesce((SELECT max(seq) FROM " table " WHERE subject = who), 0)"
/* an operator's injury in the session is no record of the person treated */
#define NEWEST_IN_SESSIONS \
	"coalesce((SELECT max((SELECT max(seq) FROM record WHERE record.session = session.session" \
	" AND kind <> 'incident.reported')) FROM session WHERE subject = who), 0)"

/* incidents have a term of their own */
#define EXPIRED_SUBJECTS \
	"SELECT 'subject' AS whose, who, newest.seq AS seq, newest.utc_us AS utc_us," \
	" max(" KEPT("newest.utc_us", "sessions") ", coalesce(" KEPT("incident.utc_us", "incidents") ", '')) AS until," \
	" personal, photographs FROM (SELECT who, sum(personal) AS personal, sum(photographs) AS photographs," \
	" max(" NEWEST_OF("subject") ", " NEWEST_OF("course") ", " NEWEST_OF("incident") ", " NEWEST_IN_SESSIONS ") AS newest_seq" \
	" FROM (" PERSONAL_OF("subject") " UNION ALL " PHOTOGRAPHS ") GROUP BY who)" \
	" JOIN record AS newest ON newest.seq = newest_seq LEFT JOIN incident ON incident.seq = " NEWEST_OF("incident")

/* whose badge is valid is still needed; once it is revoked, nothing is recorded of it any more */
#define EXPIRED_OPERATORS \
	"SELECT 'badge', badge, record.seq, record.utc_us, " KEPT("record.utc_us", "operators") ", personal, photographs" \
	" FROM operator JOIN (" PERSONAL_OF("badge") ") ON badge = who JOIN record ON kind = 'operator.revoked'" \
	" AND " RECORDED("badge") " = badge"

/* the injured of an incident without a pseudonym */
#define EXPIRED_INCIDENTS \
	"SELECT 'record', CAST(seq AS TEXT), seq, utc_us, " KEPT("utc_us", "incidents") ", 1, 0" \
	" FROM personal JOIN incident USING(seq) WHERE subject IS NULL"

/* whose data an erasure names: in itself, or by a record */
#define NAMED(field) \
	"who COLLATE NOCASE IN (@" field ", (SELECT " RECORDED(field) " FROM record WHERE record.seq = @record))"

static const char kept_until[] =
	"SELECT max(until) FROM (" EXPIRED_SUBJECTS AND_THEN EXPIRED_OPERATORS AND_THEN EXPIRED_INCIDENTS ")"
	" WHERE whose = 'subject' AND " NAMED("subject") " OR whose = 'badge' AND " NAMED("badge")
	" OR whose = 'record' AND who = CAST(@record AS TEXT)";

/* clang-format on */

int retention_check(ProjectionContext *context)
{
	_cleanup_(statement_donep) sqlite3_stmt *row = NULL;
	char today[CLOCK_UTC_TEXT_MAX];
	const char *until;
	bool found;
	int r = projection_step(context, kept_until, &row, &found);

	until = r == 0 && found ? column_text(row, 0) : NULL;
	projection_today(context, today);
	if (!until || strcmp(until, today) < 0)
		return r;
	return projection_refuse(context, -EINVAL,
		"this is to be kept until %s under the profile %s: erase it then, or say with despite= why it must "
		"go before",
		until,
		projection_text(context, "profile") ? projection_text(context, "profile") : "in force");
}

const LedgerArea area_compliance = { tables, projections };
