/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * Which biological test is due, as SQL: what a compliance profile's figures make due is asked by audits and
 * by the release of a load alike. The figures come as @biological_days, @biological_cycles,
 * @after_installation and @after_repair; one that is NULL asks for nothing.
 */

/* a field of type time, or a date, as microseconds */
#define MICROSECONDS(value) "(CAST(strftime('%s', " value ") AS INTEGER) * 1000000)"

#define UNIT_TESTED(which, result) \
	"(SELECT " which " FROM indicator_test WHERE sterilizer = unit.sterilizer AND result " result ")"

/* of each steriliser: its tests, and the first cycle that is one too many without a test. Of a retired one
   only a test that failed matters, and no other will follow: it stands until what was done is on record. */
#define STERILIZERS                                                                                                                                                                         \
	"(SELECT unit.sterilizer, in_service, retest, retest_us, " UNIT_TESTED(                                                                                                             \
		"max(tested_us)", "= 'pass'") " AS passed_us, " UNIT_TESTED("max(tested_us)",                                                                                               \
		"= 'fail' AND (in_service OR followed_seq IS NULL)") " AS failed_us, (SELECT started_us FROM cycle WHERE"                                                                   \
								     " sterilizer = unit.sterilizer AND started_us > coalesce(" UNIT_TESTED(                                                \
									     "max(tested_us)",                                                                                              \
									     "= 'pass'") ", 0) ORDER BY started_us LIMIT 1 OFFSET max(coalesce(@biological_cycles, 1) - 1, 0)) AS cycle_us" \
											 " FROM sterilizer AS unit)"

/* why the next test is due, the most pressing reason first */
#define REASON                                                                                          \
	"CASE WHEN failed_us >= coalesce(passed_us, 0) THEN 'failed'"                                   \
	" WHEN NOT in_service THEN NULL"                                                                \
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

/* clang-format would indent each part further than the one before */
/* clang-format off */

/* whether a steriliser was retired at a time, and not returned since */
#define OUT_OF_SERVICE(sterilizer, us)                                                                      \
	"coalesce((SELECT " RECORDED("work") " = 'retired' FROM record WHERE kind = 'sterilizer.serviced' AND " \
	RECORDED("sterilizer") " = " sterilizer " AND " RECORDED("work") " IN ('retired', 'returned') AND "  \
	MICROSECONDS(RECORDED("done")) " <= " us " ORDER BY " RECORDED("done") " DESC, seq DESC LIMIT 1), 0)"

/* clang-format on */
