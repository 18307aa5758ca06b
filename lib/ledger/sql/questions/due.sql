-- SPDX-License-Identifier: Apache-2.0
-- The next biological test of each steriliser. It is due on the given day, and overdue after that day; the most
-- urgent reason comes first. For a retired steriliser only a failed test matters, and no other test will follow: it
-- stays due until a record says what was done. checks/biological.sql has the same rule.
--
-- @biological_days number, of the profile: a biological test is due so many days after one that passed
-- @biological_cycles number, of the profile: a biological test is due after so many cycles
-- @after_installation number, of the profile: whether (1) a test must pass after the installation
-- @after_repair number, of the profile: whether (1) a test must pass after a repair
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
reasoned AS (
  SELECT *,
    CASE
      WHEN failed_us >= coalesce(passed_us, 0) THEN 'failed'
      WHEN NOT in_service THEN NULL
      WHEN retest_us > coalesce(passed_us, 0)
        AND (retest = 'installation' AND @after_installation OR retest = 'repair' AND @after_repair) THEN retest
      WHEN @biological_cycles > 0 AND cycle_us IS NOT NULL THEN 'cycles'
      WHEN @biological_days > 0 THEN 'interval'
    END AS reason
  FROM tested),
dated AS (
  SELECT sterilizer, reason, passed_us,
    CASE reason
      WHEN 'failed' THEN date(failed_us / 1000000, 'unixepoch')
      WHEN 'cycles' THEN date(cycle_us / 1000000, 'unixepoch')
      WHEN 'interval' THEN
        date(coalesce(passed_us, retest_us) / 1000000, 'unixepoch', '+' || @biological_days || ' days')
      ELSE date(retest_us / 1000000, 'unixepoch')
    END AS due
  FROM reasoned
  WHERE reason IS NOT NULL)
SELECT sterilizer, reason, due, passed_us AS "passed:utc"
FROM dated
WHERE (@sterilizer IS NULL OR sterilizer = @sterilizer COLLATE NOCASE)
ORDER BY due, sterilizer;
