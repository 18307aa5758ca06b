-- SPDX-License-Identifier: Apache-2.0
-- The next biological test of each steriliser. It is due on the given day, and overdue after that day; the most
-- urgent reason comes first. For a retired steriliser only a failed test matters, and no other test will follow: it
-- stays due until a record says what was done. checks/biological.sql and biological-row.sql have the same rules.
-- Where the profile asks for several tests in a row, needed and so_far count the runs of the steriliser: several
-- indicators of one load are one run, which failed if one of them did. A failed run begins the row anew.
--
-- @biological_days number, of the profile: a biological test is due so many days after one that passed
-- @biological_cycles number, of the profile: a biological test is due after so many cycles
-- @after_installation number, of the profile: whether (1) a test must pass after the installation
-- @after_repair number, of the profile: whether (1) a test must pass after a repair
-- @in_a_row number, of the profile: so many tests in a row must pass after the events of in_a_row_after
-- @in_a_row_after text, of the profile: separated by blanks: installation, repair, relocation, returned, power-cut,
--   failure, repeated-failure, unused
-- @unused_days number, of the profile: a steriliser that did not run for so many days counts as unused; 0: none does
-- @sterilizer text: the name of a steriliser, in capitals or not

WITH passed AS (
  SELECT sterilizer, max(tested_us) AS passed_us
  FROM indicator_test
  WHERE result = 'pass'
  GROUP BY sterilizer),
tested AS (
  SELECT unit.sterilizer, in_service, retest, retest_us, passed_us,
    (SELECT max(tested_us)
     FROM indicator_test
     WHERE sterilizer = unit.sterilizer AND result = 'fail' AND (in_service OR followed_seq IS NULL)) AS failed_us,
    (SELECT started_us
     FROM cycle
     WHERE sterilizer = unit.sterilizer AND started_us > coalesce(passed_us, 0)
     ORDER BY started_us
     LIMIT 1 OFFSET max(coalesce(@biological_cycles, 1) - 1, 0)) AS cycle_us
  FROM sterilizer AS unit
  LEFT JOIN passed USING(sterilizer)),
run AS (
  SELECT sterilizer, run_us AS tested_us, min(seq) AS seq, iif(max(result = 'fail'), 'fail', 'pass') AS result
  FROM (SELECT sterilizer, seq, result,
          coalesce(
            (SELECT max(started_us)
             FROM cycle
             WHERE cycle.sterilizer = indicator_test.sterilizer
               AND started_us <= tested_us
               AND started_us + (exposure_s + coalesce(dry_s, 0)) * 1e6 >= tested_us), tested_us) AS run_us
        FROM indicator_test
        WHERE result IN ('pass', 'fail'))
  GROUP BY sterilizer, run_us),
event AS (
  SELECT sterilizer, event, from_us
  FROM sterilizer_event
  WHERE instr(' ' || @in_a_row_after || ' ', ' ' || event || ' ') > 0
  UNION ALL
  SELECT sterilizer, 'failure', tested_us
  FROM (SELECT sterilizer, tested_us, result,
          lag(result) OVER (PARTITION BY sterilizer ORDER BY tested_us) AS before
        FROM run)
  WHERE result = 'fail'
    AND (instr(' ' || @in_a_row_after || ' ', ' failure ') > 0
      OR instr(' ' || @in_a_row_after || ' ', ' repeated-failure ') > 0 AND before = 'fail')
  UNION ALL
  SELECT sterilizer, 'unused', before_us + @unused_days * 86400000000
  FROM (SELECT sterilizer, us, lag(us) OVER (PARTITION BY sterilizer ORDER BY us) AS before_us
        FROM (SELECT sterilizer, started_us AS us FROM cycle
              UNION ALL
              SELECT sterilizer, tested_us FROM indicator_test))
  WHERE instr(' ' || @in_a_row_after || ' ', ' unused ') > 0
    AND @unused_days > 0
    AND us - before_us > @unused_days * 86400000000),
row_of_tests AS (
  SELECT sterilizer, seq, tested_us, result,
    sum(result = 'fail') OVER (PARTITION BY sterilizer ORDER BY tested_us) AS number
  FROM run),
unfinished AS (
  SELECT sterilizer, event, max(from_us) AS from_us
  FROM event
  WHERE NOT EXISTS (
    SELECT 1
    FROM row_of_tests
    WHERE row_of_tests.sterilizer = event.sterilizer AND result = 'pass' AND tested_us >= from_us
    GROUP BY number
    HAVING count(*) >= @in_a_row)
  GROUP BY sterilizer),
reasoned AS (
  SELECT tested.*, from_us,
    CASE
      WHEN failed_us >= coalesce(passed_us, 0) THEN 'failed'
      WHEN NOT in_service THEN NULL
      WHEN event IS NOT NULL THEN event
      WHEN retest_us > coalesce(passed_us, 0)
        AND (retest = 'installation' AND @after_installation OR retest = 'repair' AND @after_repair) THEN retest
      WHEN @biological_cycles > 0 AND cycle_us IS NOT NULL THEN 'cycles'
      WHEN @biological_days > 0 THEN 'interval'
    END AS reason
  FROM tested
  LEFT JOIN unfinished USING(sterilizer)),
dated AS (
  SELECT sterilizer, reason, passed_us,
    CASE reason
      WHEN 'failed' THEN date(failed_us / 1000000, 'unixepoch')
      WHEN 'cycles' THEN date(cycle_us / 1000000, 'unixepoch')
      WHEN 'interval' THEN
        date(coalesce(passed_us, retest_us) / 1000000, 'unixepoch', '+' || @biological_days || ' days')
      ELSE date(coalesce(from_us, retest_us) / 1000000, 'unixepoch')
    END AS due,
    iif(from_us IS NOT NULL AND reason <> 'failed', @in_a_row, NULL) AS needed,
    iif(
      from_us IS NOT NULL AND reason <> 'failed',
      (SELECT count(*)
       FROM row_of_tests
       WHERE row_of_tests.sterilizer = reasoned.sterilizer
         AND result = 'pass'
         AND tested_us >= from_us
         AND number = (SELECT max(number) FROM row_of_tests AS newest WHERE newest.sterilizer = reasoned.sterilizer)),
      NULL) AS so_far
  FROM reasoned
  WHERE reason IS NOT NULL)
SELECT sterilizer, reason, due, passed_us AS "passed:utc", needed, so_far
FROM dated
WHERE (@sterilizer IS NULL OR sterilizer = @sterilizer COLLATE NOCASE)
ORDER BY due, sterilizer;
