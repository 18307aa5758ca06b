-- SPDX-License-Identifier: Apache-2.0
-- Sterilisers whose biological test is overdue or failed. questions/due.sql has the same rule for when a test is
-- due.
--
-- @biological_days number, of the profile: a biological test is due so many days after one that passed
-- @biological_cycles number, of the profile: a biological test is due after so many cycles
-- @after_installation number, of the profile: whether (1) a test must pass after the installation
-- @after_repair number, of the profile: whether (1) a test must pass after a repair
-- @today text, of the profile: the day to judge by, YYYY-MM-DD; NULL: that of this machine

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
  SELECT sterilizer, reason,
    CASE reason
      WHEN 'failed' THEN date(failed_us / 1000000, 'unixepoch')
      WHEN 'cycles' THEN date(cycle_us / 1000000, 'unixepoch')
      WHEN 'interval' THEN
        date(coalesce(passed_us, retest_us) / 1000000, 'unixepoch', '+' || @biological_days || ' days')
      ELSE date(retest_us / 1000000, 'unixepoch')
    END AS due
  FROM reasoned
  WHERE reason IS NOT NULL)
SELECT 'biological' AS rule, 'steriliser ' || sterilizer AS subject,
  'a biological test that passed (' || reason || ')' AS missing, due AS since
FROM dated
WHERE due < coalesce(@today, date('now')) OR reason = 'failed';
