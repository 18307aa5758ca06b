-- SPDX-License-Identifier: Apache-2.0
-- Handpieces from class-B sterilisers that the profile's tests of the machine do not cover: no steam penetration test
-- passed in the 16 hours before the load; or the steriliser's newest leak test failed, or the next is overdue.
-- For the station alone.
--
-- @penetration_test number, of the profile: whether (1) a steam penetration test must pass before a day's loads
-- @leak_test_days number, of the profile: a leak test is due so many days after one that passed
-- @today text, of the profile: the day to judge by, YYYY-MM-DD; NULL: that of this machine

WITH load AS (
  SELECT handpiece, unit.sterilizer, started_us, unit.installed
  FROM handpiece_sterile
  JOIN cycle ON cycle.seq = cycle_seq
  JOIN sterilizer AS unit ON unit.sterilizer = cycle.sterilizer
  WHERE class = 'B'),
leak AS (
  SELECT load.*,
    (SELECT iif(result = 'fail', date(tested_us / 1000000, 'unixepoch'), NULL)
     FROM equipment_test
     WHERE equipment_test.sterilizer = load.sterilizer AND test = 'leak'
     ORDER BY tested_us DESC, seq DESC
     LIMIT 1) AS failed,
    coalesce(
      (SELECT date(max(tested_us) / 1000000, 'unixepoch', '+' || @leak_test_days || ' days')
       FROM equipment_test
       WHERE equipment_test.sterilizer = load.sterilizer AND test = 'leak' AND result = 'pass'),
      date(installed, '+' || @leak_test_days || ' days')) AS due
  FROM load)
SELECT handpiece, sterilizer, 'penetration' AS test, date(started_us / 1000000, 'unixepoch') AS due
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
SELECT handpiece, sterilizer, iif(failed IS NULL, 'leak', 'leak-failed'), coalesce(failed, due)
FROM leak
WHERE @leak_test_days > 0 AND (due < coalesce(@today, date('now')) OR failed IS NOT NULL)
ORDER BY handpiece, test;
