-- SPDX-License-Identifier: Apache-2.0
-- Tests of the machine that class-B sterilisers lack: before a load that was released, and today. The same rules as in
-- accept/sterilization.sql. A steriliser whose class is not on record may be one of them.
--
-- @penetration_test number, of the profile: whether (1) a steam penetration test must pass before a day's loads
-- @leak_test_days number, of the profile: a leak test is due so many days after one that passed
-- @today text, of the profile: the day to judge by, YYYY-MM-DD; NULL: that of this machine

WITH load AS (
  SELECT cycle.sterilizer,
    cycle.sterilizer || ' cycle ' || cycle || iif(series > 1, ' (series ' || series || ')', '') AS subject, started_us
  FROM cycle
  JOIN sterilizer AS unit ON unit.sterilizer = cycle.sterilizer
  WHERE class = 'B' AND released_seq IS NOT NULL AND rejected_seq IS NULL),
leak AS (
  SELECT unit.sterilizer,
    (SELECT result
     FROM equipment_test
     WHERE equipment_test.sterilizer = unit.sterilizer AND test = 'leak'
     ORDER BY tested_us DESC, seq DESC
     LIMIT 1) AS result,
    coalesce(
      (SELECT date(max(tested_us) / 1000000, 'unixepoch', '+' || @leak_test_days || ' days')
       FROM equipment_test
       WHERE equipment_test.sterilizer = unit.sterilizer AND test = 'leak' AND result = 'pass'),
      date(installed, '+' || @leak_test_days || ' days')) AS due
  FROM sterilizer AS unit
  WHERE class = 'B' AND in_service)
SELECT 'sterilizer-class' AS rule, 'steriliser ' || sterilizer AS subject,
  'its class (N, S or B): add it with a correction' AS missing, installed AS since
FROM sterilizer
WHERE class IS NULL AND in_service AND (@penetration_test OR @leak_test_days > 0)
UNION ALL
SELECT 'cycle-penetration', subject,
  'a steam penetration test that passed in the 16 hours before it', date(started_us / 1000000, 'unixepoch')
FROM load
WHERE @penetration_test
  AND coalesce(
    (SELECT result
     FROM equipment_test
     WHERE equipment_test.sterilizer = load.sterilizer
       AND test IN ('bowie-dick', 'helix')
       AND tested_us BETWEEN started_us - 16 * 3600000000 AND started_us
     ORDER BY tested_us DESC, seq DESC
     LIMIT 1), 'none') <> 'pass'
UNION ALL
SELECT 'cycle-leak', subject,
  'a vacuum leak test that passed within ' || @leak_test_days || ' days before it',
  date(started_us / 1000000, 'unixepoch')
FROM load
WHERE @leak_test_days > 0
  AND coalesce(
    (SELECT result = 'pass' AND tested_us / 86400000000 + @leak_test_days >= started_us / 86400000000
     FROM equipment_test
     WHERE equipment_test.sterilizer = load.sterilizer AND test = 'leak' AND tested_us <= started_us
     ORDER BY tested_us DESC, seq DESC
     LIMIT 1), 0) = 0
UNION ALL
SELECT 'leak', 'steriliser ' || sterilizer, 'a vacuum leak test that passes', due
FROM leak
WHERE @leak_test_days > 0 AND (due < coalesce(@today, date('now')) OR result = 'fail');
