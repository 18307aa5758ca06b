-- SPDX-License-Identifier: Apache-2.0
-- Biological tests in a row that the current profile asks for after an event, and that did not all pass before a load
-- was released, or have not passed yet. Several indicators of one load are one test. questions/due.sql has the same rule for when such a row is complete.
--
-- @in_a_row number, of the profile: so many tests in a row must pass after the events of in_a_row_after
-- @in_a_row_after text, of the profile: separated by blanks: installation, repair, relocation, returned, power-cut,
--   failure, repeated-failure, unused
-- @unused_days number, of the profile: a steriliser that did not run for so many days counts as unused; 0: none does

WITH run AS (
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
counted AS (
  SELECT event.sterilizer, event, from_us, row_of_tests.seq,
    row_number() OVER (PARTITION BY event.sterilizer, event, from_us, number ORDER BY tested_us, row_of_tests.seq)
      AS place
  FROM event
  JOIN row_of_tests ON row_of_tests.sterilizer = event.sterilizer AND result = 'pass' AND tested_us >= from_us),
proven AS (
  SELECT event.sterilizer, event.event, event.from_us, in_service, min(counted.seq) AS passed_seq
  FROM event
  JOIN sterilizer USING(sterilizer)
  LEFT JOIN counted ON counted.sterilizer = event.sterilizer
    AND counted.event = event.event
    AND counted.from_us = event.from_us
    AND place = @in_a_row
  GROUP BY event.sterilizer, event.event, event.from_us),
gaps AS (
  SELECT *,
    (SELECT group_concat(cycle.cycle || iif(cycle.series > 1, ' (series ' || cycle.series || ')', ''), ', ')
     FROM cycle
     WHERE cycle.sterilizer = proven.sterilizer
       AND started_us >= from_us
       AND released_seq < coalesce(passed_seq, released_seq + 1)) AS released
  FROM proven)
SELECT 'biological-row' AS rule, 'steriliser ' || sterilizer AS subject,
  @in_a_row || ' biological tests in a row that passed after '
    || CASE event
      WHEN 'installation' THEN 'the installation'
      WHEN 'repair' THEN 'the repair'
      WHEN 'relocation' THEN 'the relocation'
      WHEN 'returned' THEN 'its return to service'
      WHEN 'power-cut' THEN 'the power cut'
      WHEN 'failure' THEN 'the test that failed'
      ELSE @unused_days || ' days without use'
    END || coalesce(', before the release of cycle ' || released, '') AS missing,
  date(from_us / 1000000, 'unixepoch') AS since
FROM gaps
WHERE released IS NOT NULL OR passed_seq IS NULL AND in_service;
