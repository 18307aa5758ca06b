/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What a compliance profile asks for, held against the record. The profile's figures come as arguments, so
 * that the questions are the same under every profile; what is not given asks for nothing.
 */

#include "ledger/area.h"
#include "ledger/due.h"

static const char *const schema[LEDGER_SCHEMA_VERSION] = { NULL };
static const char *const tables[] = { NULL };
static const RecordKind kinds[] = { { NULL } };

#define TODAY         "coalesce(@today, date('now'))"
#define WANTED(proof) "instr(' ' || @proofs || ' ', ' " proof " ') > 0"
#define DAY(us)       "date(" us " / 1000000, 'unixepoch')"

/* ---- gaps: rule, subject, what is missing, since when ---- */

#define GAP_BIOLOGICAL                                                                           \
	"SELECT 'biological' AS rule, 'steriliser ' || sterilizer AS subject,"                   \
	" 'a biological test that passed (' || reason || ')' AS missing, due AS since FROM " DUE \
	" WHERE due < " TODAY " OR reason = 'failed'"

#define GAP_FOLLOW_UP                                                            \
	"SELECT 'follow-up', 'test ' || seq || ' of steriliser ' || sterilizer," \
	" 'what was done after it failed', " DAY(                                \
		"tested_us") " FROM indicator_test"                              \
			     " WHERE result = 'fail' AND followed_seq IS NULL"

#define CYCLE_GAP(rule, missing)                                         \
	"SELECT '" rule "', sterilizer || ' cycle ' || cycle, '" missing \
	"', " DAY("started_us") " FROM cycle WHERE rejected_seq IS NULL AND "
#define GAP_CYCLE_FAILED \
	CYCLE_GAP("cycle-failed", "the rejection of the load") "'fail' IN (mechanical, integrator, chemical)"
#define GAP_OUT_OF_SERVICE                                                                         \
	CYCLE_GAP("cycle-out-of-service", "the rejection of the load: the steriliser was retired") \
	OUT_OF_SERVICE("cycle.sterilizer", "cycle.started_us")
#define GAP_MECHANICAL                                           \
	CYCLE_GAP("cycle-mechanical", "the mechanical readings") \
	"mechanical IS NULL AND " WANTED("mechanical")
#define GAP_INTEGRATOR \
	CYCLE_GAP("cycle-integrator", "the class V integrator") "integrator IS NULL AND " WANTED("integrator")
#define GAP_CHEMICAL \
	CYCLE_GAP("cycle-chemical", "the chemical indicator") "chemical IS NULL AND " WANTED("chemical")
#define GAP_CONTENTS                                \
	CYCLE_GAP("cycle-contents", "the contents") \
	WANTED("contents") " AND NOT EXISTS(SELECT 1 FROM cycle_item WHERE cycle_seq = cycle.seq)"
#define GAP_RELEASE CYCLE_GAP("cycle-release", "the release") "released_seq IS NULL AND " WANTED("release")

#define LOT_GAP(rule, missing) \
	"SELECT '" rule "', 'lot ' || lot, '" missing "', " DAY("received_us") " FROM lot WHERE "
#define GAP_CERTIFICATE                                             \
	LOT_GAP("lot-certificate", "the sterilisation certificate") \
	"certificate IS NULL AND " WANTED("certificate")
#define GAP_MEMBRANE                                                 \
	LOT_GAP("lot-membrane", "the proof of the barrier membrane") \
	"NOT membrane AND " WANTED("membrane")

/* sessions in which the needle touched the skin */
#define SESSION_GAP(rule, missing)                                    \
	"SELECT '" rule "', 'session ' || session.session, '" missing \
	"', " DAY("utc_us") " FROM session WHERE strokes > 0 AND "
#define NO_RECORD(kind) \
	"NOT EXISTS(SELECT 1 FROM record WHERE record.session = session.session AND kind = '" kind "'"
#define GAP_CONSENT                                                                                      \
	SESSION_GAP("session-consent", "the consent to the treatment")                                   \
	WANTED("consent")                                                                                \
	" AND " NO_RECORD("session.consent") " AND " RECORDED("consent") " = 'treatment' AND " RECORDED( \
		"given") ")"
#define GAP_SCREENING                                     \
	SESSION_GAP("session-screening", "the screening") \
	WANTED("screening") " AND " NO_RECORD("session.screening") ")"
#define GAP_SIGNATURE                                     \
	SESSION_GAP("session-signature", "the signature") \
	WANTED("signature") " AND outcome NOT IN ('signed', 'open')"
#define GAP_DISPOSAL                                                     \
	SESSION_GAP("session-disposal", "what became of its cartridges") \
	WANTED("disposal")                                               \
	" AND outcome != 'open' AND EXISTS(SELECT 1 FROM unit WHERE unit.session = session.session AND container IS NULL)"

#define GAP_OPERATOR                                                                                          \
	"SELECT 'operator-certificate', 'operator ' || operator.badge, 'the certificate ' || wanted.value"    \
	" || CASE WHEN certification.expiry IS NULL THEN '' ELSE ', renewed' END, certification.expiry"       \
	" FROM operator JOIN json_each(coalesce(@certificates, '[]')) AS wanted LEFT JOIN certification"      \
	" ON certification.badge = operator.badge AND certificate = wanted.value"                             \
	" WHERE revoked_us IS NULL AND instr(roles, 'technician') AND coalesce(certification.expiry < " TODAY \
	", 1)"

#define AND_THEN " UNION ALL "

static const char gaps[] =
	"SELECT row, rule, subject, missing, since FROM (SELECT row_number() OVER"
	" (ORDER BY rule, subject, missing, since) AS row, * FROM (" GAP_BIOLOGICAL AND_THEN GAP_FOLLOW_UP
		AND_THEN GAP_CYCLE_FAILED AND_THEN GAP_OUT_OF_SERVICE AND_THEN GAP_MECHANICAL AND_THEN
			GAP_INTEGRATOR AND_THEN GAP_CHEMICAL AND_THEN GAP_CONTENTS AND_THEN GAP_RELEASE
				AND_THEN GAP_CERTIFICATE AND_THEN GAP_MEMBRANE AND_THEN GAP_CONSENT AND_THEN
					GAP_SCREENING AND_THEN GAP_SIGNATURE AND_THEN GAP_DISPOSAL AND_THEN
						GAP_OPERATOR ")) WHERE 1";

#define DUE_PARAMETERS                                                                                  \
	PARAMETER("biological_days", ARGUMENT_NUMBER), PARAMETER("biological_cycles", ARGUMENT_NUMBER), \
		PARAMETER("after_installation", ARGUMENT_NUMBER), PARAMETER("after_repair", ARGUMENT_NUMBER)

/* it would indent each part further than the one before */
/* clang-format off */

/* how long records are kept, whether some could go, and what then: that is for a person to decide */
#define OLDEST(group, kind) \
	" WHEN '" group "' THEN (SELECT utc_us FROM record WHERE kind = '" kind "' ORDER BY seq LIMIT 1)"

static const char retention[] =
	"SELECT records, days, keep_since, oldest AS \"oldest:utc\", expired, CASE WHEN NOT expired THEN NULL"
	" WHEN records IN ('sessions', 'operators', 'incidents') THEN 'stipplectl audit expired'"
	" ELSE 'stipplectl ledger archive FILE' END AS next, @profile AS profile FROM (SELECT *,"
	" coalesce(" DAY("oldest") " < keep_since, 0) AS expired FROM (SELECT key AS records, value AS days,"
	" date(" TODAY ", '-' || value || ' days') AS keep_since, CASE key"
	OLDEST("sterilization", "cycle.recorded")
	OLDEST("needles", "needle.claimed")
	OLDEST("pigments", "pigment.loaded")
	OLDEST("sessions", "session.begun")
	OLDEST("operators", "operator.enrolled")
	OLDEST("incidents", "incident.reported")
	" END AS oldest FROM json_each(coalesce(@keep, '{}')))) WHERE 1";

/* ---- personal data past its term: whose, how old the newest record is, what an erasure would delete ---- */

#define KEPT(us, group) \
	"date(" us " / 1000000, 'unixepoch', '+' || json_extract(@keep, '$." group "') || ' days')"
#define PERSONAL_OF(field) \
	"SELECT " RECORDED(field) " AS who, count(*) AS personal, 0 AS photographs FROM personal" \
	" JOIN record USING(seq) WHERE who IS NOT NULL GROUP BY who"
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

static const char expired[] =
	"SELECT whose, who, utc_us AS \"newest:utc\", until AS kept_until, personal, photographs, seq FROM ("
	EXPIRED_SUBJECTS AND_THEN EXPIRED_OPERATORS AND_THEN EXPIRED_INCIDENTS ") WHERE until < " TODAY;

/* whose data an erasure names: in itself, or by a record */
#define NAMED(field) \
	"who IN (@" field ", (SELECT " RECORDED(field) " FROM record WHERE record.seq = @record))"

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

	until = r == 0 && found ? (const char *)sqlite3_column_text(row, 0) : NULL;
	projection_today(context, today);
	if (!until || strcmp(until, today) < 0)
		return r;
	return projection_refuse(context, -EINVAL,
		"this is to be kept until %s under the profile %s: erase it then, or say with despite= why it must "
		"go before",
		until,
		projection_text(context, "profile") ? projection_text(context, "profile") : "in force");
}

static const LedgerQuery queries[] = {
	{ "retention", retention, " ORDER BY records",
		ARGUMENTS(PARAMETER("keep", ARGUMENT_TEXT), PARAMETER("today", ARGUMENT_TEXT),
			PARAMETER("profile", ARGUMENT_TEXT)) },
	/* oldest first; `seq` is that of the person's newest record, and so of nobody else's */
	{ "expired", expired, " ORDER BY seq",
		ARGUMENTS(PARAMETER("keep", ARGUMENT_TEXT), PARAMETER("today", ARGUMENT_TEXT),
			BETWEEN("utc_us"), BY_TEXT("whose", "whose"), AFTER("seq"), LIMIT) },
	{ "due", "SELECT sterilizer, reason, due, passed_us AS \"passed:utc\" FROM " DUE " WHERE 1",
		" ORDER BY due, sterilizer", ARGUMENTS(DUE_PARAMETERS, BY_TEXT("sterilizer", "sterilizer")) },
	{ "check", gaps, " ORDER BY row",
		ARGUMENTS(DUE_PARAMETERS, PARAMETER("proofs", ARGUMENT_TEXT),
			PARAMETER("certificates", ARGUMENT_TEXT), PARAMETER("today", ARGUMENT_TEXT),
			BETWEEN_DATES("since"), BY_TEXT("rule", "rule"), AFTER("row"), LIMIT) },
	{ NULL },
};

const LedgerArea area_compliance = { schema, tables, kinds, queries };
