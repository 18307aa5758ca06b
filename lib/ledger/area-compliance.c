/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What a compliance profile asks for, held against the record. The profile's figures come as arguments, so
 * that the questions are the same under every profile; what is not given asks for nothing.
 */

#include "ledger/area.h"
#include "ledger/due.h"

static const char *const tables[] = { NULL };
static const Projection projections[] = { { NULL } };

#define TODAY         "coalesce(@today, date('now'))"
#define WANTED(proof) "instr(' ' || @proofs || ' ', ' " proof " ') > 0"
#define DAY(us)       "date(" us " / 1000000, 'unixepoch')"
#define CERTIFICATES  "json_each(coalesce(@certificates, '[]')) AS wanted"

/* ---- gaps: rule, subject, what is missing, since when ---- */

/* clang-format would indent each part further than the one before */
/* clang-format off */

#define GAP_BIOLOGICAL                                                                           \
	"SELECT 'biological' AS rule, 'steriliser ' || sterilizer AS subject,"                   \
	" 'a biological test that passed (' || reason || ')' AS missing, due AS since FROM " DUE \
	" WHERE due < " TODAY " OR reason = 'failed'"

/* times from which on no load was to be released before a test that passed, as the profile has it now: the
   day after one was due, installation, repair */
#define UNPROVEN \
	"SELECT sterilizer, 'within ' || @biological_days || ' days' AS why, tested_us + 1 AS after_us," \
	" (tested_us / 86400000000 + @biological_days + 1) * 86400000000 AS from_us FROM indicator_test" \
	" WHERE result = 'pass' AND @biological_days > 0 UNION ALL" \
	" SELECT sterilizer, 'after the installation', us, us FROM (SELECT sterilizer, " \
	MICROSECONDS("installed") " AS us FROM sterilizer) WHERE @after_installation UNION ALL" \
	" SELECT sterilizer, 'after the repair', us, us FROM (SELECT " COLUMN("sterilizer") ", " \
	MICROSECONDS(RECORDED("done")) " AS us FROM record WHERE kind = 'sterilizer.serviced' AND " \
	RECORDED("work") " IN ('major-repair', 'relocation', 'returned')) WHERE @after_repair"
#define NEXT_PASS(column) \
	"(SELECT " column " FROM indicator_test AS pass WHERE pass.sterilizer = unproven.sterilizer" \
	" AND result = 'pass' AND tested_us >= after_us ORDER BY tested_us LIMIT 1)"
/* the loads of such a time that were released all the same; a test that passes later mends nothing */
#define GAP_UNPROVEN \
	"SELECT 'biological-gap', 'steriliser ' || sterilizer, 'a biological test that passed ' || why ||" \
	" ', before the release of cycle ' || released, " DAY("from_us") " FROM (SELECT *," \
	" (SELECT group_concat(" CYCLE_NUMBER ", ', ') FROM cycle WHERE cycle.sterilizer = unproven.sterilizer" \
	" AND started_us >= from_us AND released_seq < coalesce(" NEXT_PASS("seq") ", released_seq + 1))" \
	" AS released FROM (" UNPROVEN ") AS unproven" \
	" WHERE coalesce(" NEXT_PASS("tested_us") " >= from_us, 1)) WHERE released IS NOT NULL"

/* one letter is no follow-up: what was done, with which items (items=none says: with none), who was told */
#define FOLLOWED(field) \
	"EXISTS(SELECT 1 FROM record WHERE kind = 'indicator.followed-up'" \
	" AND " RECORDED("test") " = indicator_test.seq AND " RECORDED(field) " IS NOT NULL)"
/* records of earlier versions name in their body who was */
#define TOLD                                                                         \
	"EXISTS(SELECT 1 FROM record WHERE kind = 'indicator.followed-up' AND "      \
	RECORDED("test") " = indicator_test.seq AND coalesce(" RECORDED("told") ", " \
	RECORDED("notified") ") IS NOT NULL)"
#define FOLLOW_UP_GAP(missing)                                                             \
	"SELECT 'follow-up', 'test ' || seq || ' of steriliser ' || sterilizer, '" missing \
	"', " DAY("tested_us") " FROM indicator_test WHERE result = 'fail' AND "
#define GAP_FOLLOW_UP FOLLOW_UP_GAP("what was done after it failed") "followed_seq IS NULL"
#define GAP_ITEMS                                                    \
	FOLLOW_UP_GAP("the items that were in doubt, or items=none") \
	WANTED("items") " AND NOT " FOLLOWED("items")
#define GAP_NOTIFIED FOLLOW_UP_GAP("who was notified") WANTED("notified") " AND NOT " TOLD

/* on whom a load in doubt was used */
#define GAP_DOUBT                                                                                           \
	"SELECT DISTINCT 'doubt', 'subject ' || subject, 'who was told of test ' || indicator_test.seq ||"   \
	" ', which failed: treated from cycle ' || " CYCLE_NUMBER " || ' of steriliser ' || cycle.sterilizer, "   \
	DAY("record.utc_us") " FROM indicator_test JOIN cycle ON " IN_DOUBT("indicator_test")                \
	" JOIN handpiece_use ON cycle_seq = cycle.seq JOIN record ON record.seq = handpiece_use.seq"         \
	" JOIN session ON session.session = record.session WHERE result = 'fail' AND " WANTED("notified")    \
	" AND NOT " TOLD

#define CYCLE_GAP(rule, missing) \
	"SELECT '" rule "', sterilizer || ' cycle ' || " CYCLE_NUMBER ", '" missing "', " DAY("started_us") \
	" FROM cycle WHERE rejected_seq IS NULL AND "
#define FAILED             "coalesce('fail' IN (mechanical, integrator, chemical), 0)"
#define RAN_OUT_OF_SERVICE OUT_OF_SERVICE("cycle.sterilizer", "cycle.started_us")
/* one that has to be rejected lacks nothing else */
#define LACKING_GAP(rule, missing) CYCLE_GAP(rule, missing) "NOT " FAILED " AND NOT " RAN_OUT_OF_SERVICE " AND "

#define GAP_CYCLE_FAILED CYCLE_GAP("cycle-failed", "the rejection of the load") FAILED
#define GAP_OUT_OF_SERVICE \
	CYCLE_GAP("cycle-out-of-service", "the rejection of the load: the steriliser was retired") RAN_OUT_OF_SERVICE
#define GAP_MECHANICAL \
	LACKING_GAP("cycle-mechanical", "the mechanical readings") WANTED("mechanical") " AND mechanical IS NULL"
#define GAP_PRESSURE LACKING_GAP("cycle-pressure", "the pressure") WANTED("pressure") " AND pressure_kpa IS NULL"
#define GAP_INTEGRATOR \
	LACKING_GAP("cycle-integrator", "the class V integrator") WANTED("integrator") " AND integrator IS NULL"
#define GAP_CHEMICAL \
	LACKING_GAP("cycle-chemical", "the chemical indicator") WANTED("chemical") " AND chemical IS NULL"
#define GAP_CONTENTS \
	LACKING_GAP("cycle-contents", "the contents") \
	WANTED("contents") " AND NOT EXISTS(SELECT 1 FROM cycle_item WHERE cycle_seq = cycle.seq)"
#define GAP_RELEASE LACKING_GAP("cycle-release", "the release") WANTED("release") " AND released_seq IS NULL"

#define LOT_GAP(rule, missing) \
	"SELECT '" rule "', 'lot ' || lot, '" missing "', " DAY("received_us") " FROM lot WHERE "
#define GAP_CERTIFICATE                                             \
	LOT_GAP("lot-certificate", "the sterilisation certificate") \
	"certificate IS NULL AND " WANTED("certificate")
#define GAP_MEMBRANE                                                 \
	LOT_GAP("lot-membrane", "the proof of the barrier membrane") \
	"NOT membrane AND " WANTED("membrane")

/* a chip identifies its cartridge, whatever was typed */
#define GAP_TYPED                                                                                          \
	"SELECT 'needle-typed', 'cartridge ' || unit, 'a scan: its code was typed', " DAY("utc_us")        \
	" FROM unit WHERE source = 'keyboard' AND chip IS NULL"
/* some of the lot with their serial, some without: these may be the same cartridges */
#define GAP_MIXED                                                                                          \
	"SELECT 'needle-mixed', 'lot ' || lot, 'the serial of ' || sum(twin IS NULL) || ' of its cartridges:" \
	" others have one', " DAY("min(utc_us)") " FROM unit WHERE session IS NOT NULL"                    \
	" GROUP BY lot COLLATE NOCASE, gtin HAVING count(twin) > 0 AND sum(twin IS NULL) > 0"

#define PIGMENT_GAP(rule, missing, us, table) \
	"SELECT '" rule "', 'pigment ' || brand || ' ' || colour || ' lot ' || lot, '" missing "', " DAY(us) \
	" FROM " table " WHERE " WANTED("pigment") " AND "
#define GAP_PIGMENT \
	PIGMENT_GAP("pigment-received", "its receipt, though it was used", "min(utc_us)", "pigment_use") \
	"brand != 'blend' AND NOT EXISTS(SELECT 1 FROM pigment_stock AS stock WHERE stock.lot = pigment_use.lot" \
	" AND stock.brand = pigment_use.brand AND stock.colour = pigment_use.colour) GROUP BY brand, colour, lot"
#define GAP_PURPOSE \
	PIGMENT_GAP("pigment-purpose", "its intended use", "received_us", "pigment_stock") "purpose IS NULL"

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

/* of whoever may treat now; what bears another name may be the same certificate */
#define GAP_OPERATOR \
	"SELECT 'operator-certificate', 'operator ' || badge, 'the certificate ' || wanted || CASE" \
	" WHEN held IS NOT NULL THEN ', renewed' WHEN other IS NOT NULL THEN ' (on record: ' || other || ')'" \
	" ELSE '' END, held FROM (SELECT badge, wanted.value AS wanted, (SELECT expiry FROM certification" \
	" WHERE badge = operator.badge AND certificate = wanted.value COLLATE NOCASE ORDER BY seq DESC LIMIT 1)" \
	" AS held, (SELECT group_concat(certificate, ', ') FROM certification WHERE badge = operator.badge)" \
	" AS other FROM operator JOIN " CERTIFICATES " WHERE revoked_us IS NULL AND instr(roles, 'technician'))" \
	" WHERE coalesce(held < " TODAY ", 1)"

/* of whoever treated, on that day: neither a later certificate nor a revocation mends it */
#define GAP_TREATED \
	"SELECT 'session-certificate', 'session ' || session, 'the certificate ' || wanted.value ||" \
	" ' of operator ' || operator, " DAY("session.utc_us") " FROM session JOIN " CERTIFICATES \
	" WHERE strokes > 0 AND coalesce((SELECT expiry FROM certified WHERE badge = operator" \
	" AND certificate = wanted.value COLLATE NOCASE AND day <= " DAY("session.utc_us") \
	" ORDER BY seq DESC LIMIT 1) < " DAY("session.utc_us") ", 1)"

#define AND_THEN " UNION ALL "

static const char gaps[] =
	"WITH certified AS MATERIALIZED(SELECT seq, " COLUMN("badge") ", " COLUMN("certificate") ", "
	COLUMN("expiry") ", " DAY("utc_us") " AS day FROM record WHERE kind = 'operator.certified')"
	" SELECT row, rule, subject, missing, since FROM (SELECT row_number() OVER"
	" (ORDER BY rule, subject, missing, since) AS row, * FROM ("
	GAP_BIOLOGICAL AND_THEN GAP_UNPROVEN AND_THEN GAP_FOLLOW_UP AND_THEN GAP_ITEMS AND_THEN GAP_NOTIFIED
	AND_THEN GAP_DOUBT AND_THEN GAP_CYCLE_FAILED AND_THEN GAP_OUT_OF_SERVICE AND_THEN GAP_MECHANICAL
	AND_THEN GAP_PRESSURE AND_THEN GAP_INTEGRATOR AND_THEN GAP_CHEMICAL AND_THEN GAP_CONTENTS
	AND_THEN GAP_RELEASE AND_THEN GAP_CERTIFICATE AND_THEN GAP_MEMBRANE AND_THEN GAP_TYPED AND_THEN GAP_MIXED AND_THEN GAP_PIGMENT
	AND_THEN GAP_PURPOSE AND_THEN GAP_CONSENT AND_THEN GAP_SCREENING AND_THEN GAP_SIGNATURE
	AND_THEN GAP_DISPOSAL AND_THEN GAP_OPERATOR AND_THEN GAP_TREATED
	")) WHERE 1";

#define DUE_PARAMETERS                                                                                  \
	PARAMETER("biological_days", ARGUMENT_NUMBER), PARAMETER("biological_cycles", ARGUMENT_NUMBER), \
		PARAMETER("after_installation", ARGUMENT_NUMBER), PARAMETER("after_repair", ARGUMENT_NUMBER)

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

static const char expired[] =
	"SELECT whose, who, utc_us AS \"newest:utc\", until AS kept_until, personal, photographs, seq FROM ("
	EXPIRED_SUBJECTS AND_THEN EXPIRED_OPERATORS AND_THEN EXPIRED_INCIDENTS ") WHERE until < " TODAY;

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

static const LedgerQuery queries[] = {
	{ "retention", retention, " ORDER BY records",
		ARGUMENTS(PARAMETER("keep", ARGUMENT_TEXT), PARAMETER("today", ARGUMENT_TEXT),
			PARAMETER("profile", ARGUMENT_TEXT)) },
	/* oldest first; `seq` is that of the person's newest record, and so of nobody else's */
	{ "expired", expired, " ORDER BY seq",
		ARGUMENTS(PARAMETER("keep", ARGUMENT_TEXT), PARAMETER("today", ARGUMENT_TEXT),
			BETWEEN("utc_us"), BY_TEXT("whose", "whose"), AFTER("seq"), LIMIT) },
	{ "due", "SELECT sterilizer, reason, due, passed_us AS \"passed:utc\" FROM " DUE " WHERE 1",
		" ORDER BY due, sterilizer", ARGUMENTS(DUE_PARAMETERS, BY_NAME("sterilizer", "sterilizer")) },
	{ "check", gaps, " ORDER BY row",
		ARGUMENTS(DUE_PARAMETERS, PARAMETER("proofs", ARGUMENT_TEXT),
			PARAMETER("certificates", ARGUMENT_TEXT), PARAMETER("today", ARGUMENT_TEXT),
			BETWEEN_DATES("since"), BY_TEXT("rule", "rule"), AFTER("row"), LIMIT) },
	{ NULL },
};

const LedgerArea area_compliance = { tables, projections, queries };
