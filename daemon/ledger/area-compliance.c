/* SPDX-License-Identifier: Apache-2.0 */

/**
 * What a compliance profile asks for, held against the record. The profile's figures come as arguments, so
 * that the questions are the same under every profile; what is not given asks for nothing.
 */

#include "ledger/area.h"

static const char *const schema[LEDGER_SCHEMA_VERSION] = { NULL };
static const char *const tables[] = { NULL };
static const RecordKind kinds[] = { { NULL } };

#define TESTED(which, result) \
	"(SELECT " which " FROM indicator_test WHERE sterilizer = unit.sterilizer AND result " result ")"

/* of each steriliser in service: its tests, and the first cycle that is one too many without a test */
#define STERILIZERS                                                                                                                                \
	"(SELECT unit.sterilizer, retest, retest_us, " TESTED(                                                                                     \
		"max(tested_us)", "= 'pass'") " AS passed_us, " TESTED("max(tested_us)",                                                           \
		"= 'fail'") " AS failed_us, (SELECT started_us FROM cycle WHERE"                                                                   \
			    " sterilizer = unit.sterilizer AND started_us > coalesce(" TESTED(                                                     \
				    "max(tested_us)",                                                                                              \
				    "= 'pass'") ", 0) ORDER BY started_us LIMIT 1 OFFSET max(coalesce(@biological_cycles, 1) - 1, 0)) AS cycle_us" \
						" FROM sterilizer AS unit WHERE in_service)"

/* why the next test is due, the most pressing reason first */
#define REASON                                                                                          \
	"CASE WHEN failed_us >= coalesce(passed_us, 0) THEN 'failed'"                                   \
	" WHEN retest_us > coalesce(passed_us, 0) AND (retest = 'installation' AND @after_installation" \
	"  OR retest = 'repair' AND @after_repair) THEN retest"                                         \
	" WHEN @biological_cycles > 0 AND cycle_us IS NOT NULL THEN 'cycles'"                           \
	" WHEN @biological_days > 0 THEN 'interval' END"

/* a test is due on the day named, and overdue when that is over */
#define DUE                                                                                                   \
	"(SELECT sterilizer, passed_us, reason, date(CASE reason WHEN 'failed' THEN failed_us"                \
	" WHEN 'cycles' THEN cycle_us WHEN 'interval' THEN coalesce(passed_us, retest_us) ELSE retest_us END" \
	" / 1000000, 'unixepoch', '+' || CASE reason WHEN 'interval' THEN @biological_days ELSE 0 END ||"     \
	" ' days') AS due FROM (SELECT *, " REASON " AS reason FROM " STERILIZERS                             \
	") WHERE reason IS NOT NULL)"

#define TODAY "coalesce(@today, date('now'))"

#define WANTED(proof) "instr(' ' || @proofs || ' ', ' " proof " ') > 0"

#define DAY(us) "date(" us " / 1000000, 'unixepoch')"

#define CYCLE_LACKS(proof, missing, condition)                                                        \
	" UNION ALL SELECT 'cycle-" proof "', sterilizer || ' cycle ' || cycle, '" missing "', " DAY( \
		"started_us") " FROM cycle WHERE " WANTED(proof) " AND rejected_seq IS NULL AND " condition

#define LOT_LACKS(proof, missing, condition)                          \
	" UNION ALL SELECT 'lot-" proof "', 'lot ' || lot, '" missing \
	"', " DAY("received_us") " FROM lot WHERE " WANTED(proof) " AND " condition

/* sessions in which the needle touched the skin */
#define SESSION_LACKS(proof, missing, condition)                                          \
	" UNION ALL SELECT 'session-" proof "', 'session ' || session.session, '" missing \
	"', " DAY("utc_us") " FROM session WHERE " WANTED(proof) " AND strokes > 0 AND " condition

#define NO_RECORD(kind, condition)                                                                 \
	"NOT EXISTS(SELECT 1 FROM record WHERE record.session = session.session AND kind = '" kind \
	"' AND " condition ")"

#define RECORDED(field) "json_extract(CAST(leaf AS TEXT), '$.body." field "')"

/* one row a gap; NULL as `since`: from the beginning */
#define GAPS                                                                                                                                                                   \
	"SELECT rule, subject, missing, since FROM (SELECT 'biological' AS rule, 'steriliser ' || sterilizer"                                                                  \
	" AS subject, 'a biological test that passed (' || reason || ')' AS missing, due AS since FROM " DUE                                                                   \
	" WHERE due < " TODAY                                                                                                                                                  \
	" UNION ALL SELECT 'follow-up', 'test ' || seq || ' of steriliser ' || sterilizer,"                                                                                    \
	" 'what was done after it failed', " DAY(                                                                                                                              \
		"tested_us") " FROM indicator_test WHERE result = 'fail'"                                                                                                      \
			     " AND followed_seq IS NULL"                                                                                                                       \
			     " UNION ALL SELECT 'cycle-failed', sterilizer || ' cycle ' || cycle, 'the rejection of the load', " DAY(                                          \
				     "started_us") " FROM cycle WHERE rejected_seq IS NULL AND 'fail' IN (mechanical, integrator, chemical)" CYCLE_LACKS("mechanical",         \
				     "the mechanical readings",                                                                                                                \
				     "mechanical IS NULL") CYCLE_LACKS("integrator",                                                                                           \
				     "the class V integrator",                                                                                                                 \
				     "integrator IS NULL") CYCLE_LACKS("chemical", "the chemical indicator",                                                                   \
				     "chemical IS NULL") CYCLE_LACKS("contents", "the contents",                                                                               \
				     "NOT EXISTS(SELECT 1 FROM cycle_item WHERE cycle_seq = cycle.seq)") CYCLE_LACKS("release",                                                \
				     "the release", "released_seq IS NULL") LOT_LACKS("certificate",                                                                           \
				     "the sterilisation certificate",                                                                                                          \
				     "certificate IS NULL") LOT_LACKS("membrane",                                                                                              \
				     "the proof of the barrier membrane",                                                                                                      \
				     "NOT EXISTS(SELECT 1 FROM record WHERE record.seq = lot.seq AND " RECORDED(                                                               \
					     "membrane") " IS NOT NULL)") SESSION_LACKS("consent",                                                                             \
				     "the consent to the treatment",                                                                                                           \
				     NO_RECORD("session.consent",                                                                                                              \
					     RECORDED("consent") " = 'treatment' AND " RECORDED(                                                                               \
						     "given"))) SESSION_LACKS("screening", "the screening",                                                                    \
				     NO_RECORD("session.screening", "1")) SESSION_LACKS("signature",                                                                           \
				     "the signature",                                                                                                                          \
				     "outcome NOT IN ('signed', 'open')") SESSION_LACKS("disposal",                                                                            \
				     "what became of its cartridges",                                                                                                          \
				     "outcome != 'open' AND EXISTS(SELECT 1 FROM unit WHERE unit.session = session.session"                                                    \
				     " AND removed_us IS NULL)") " UNION ALL SELECT 'operator-certificate', 'operator ' || operator.badge, 'the certificate ' || wanted.value" \
								 " || CASE WHEN certification.expiry IS NULL THEN '' ELSE ', renewed' END, certification.expiry"               \
								 " FROM operator JOIN json_each(coalesce(@certificates, '[]')) AS wanted LEFT JOIN certification"              \
								 " ON certification.badge = operator.badge AND certificate = wanted.value"                                     \
								 " WHERE instr(roles, 'technician') AND coalesce(certification.expiry < " TODAY                                \
								 ", 1)) WHERE 1"

#define DUE_PARAMETERS                                                                                  \
	PARAMETER("biological_days", ARGUMENT_NUMBER), PARAMETER("biological_cycles", ARGUMENT_NUMBER), \
		PARAMETER("after_installation", ARGUMENT_NUMBER), PARAMETER("after_repair", ARGUMENT_NUMBER)

static const LedgerQuery queries[] = {
	{ "due", "SELECT sterilizer, reason, due, passed_us AS \"passed:utc\" FROM " DUE " WHERE 1",
		" ORDER BY due, sterilizer", ARGUMENTS(DUE_PARAMETERS, BY_TEXT("sterilizer", "sterilizer")) },
	{ "check", GAPS, "",
		ARGUMENTS(DUE_PARAMETERS, PARAMETER("proofs", ARGUMENT_TEXT),
			PARAMETER("certificates", ARGUMENT_TEXT), PARAMETER("today", ARGUMENT_TEXT),
			BY_TEXT("rule", "rule"), LIMIT) },
	{ NULL },
};

const LedgerArea area_compliance = { schema, tables, kinds, queries };
