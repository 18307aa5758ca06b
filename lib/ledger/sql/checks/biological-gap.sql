-- SPDX-License-Identifier: Apache-2.0
-- Loads that were released while no load could be released before a passed biological test, by the current profile:
-- from the day after a test was due, from the installation, or from a repair. A test that passes later does not
-- close the gap.
--
-- @biological_days number, of the profile: a biological test is due so many days after one that passed
-- @after_installation number, of the profile: whether (1) a test must pass after the installation
-- @after_repair number, of the profile: whether (1) a test must pass after a repair

WITH unproven AS (
  SELECT sterilizer, 'within ' || @biological_days || ' days' AS why, tested_us + 1 AS after_us,
    (tested_us / 86400000000 + @biological_days + 1) * 86400000000 AS from_us
  FROM indicator_test
  WHERE result = 'pass' AND @biological_days > 0
  UNION ALL
  SELECT sterilizer, 'after the installation', us, us
  FROM (SELECT sterilizer, CAST(strftime('%s', installed) AS INTEGER) * 1000000 AS us FROM sterilizer)
  WHERE @after_installation
  UNION ALL
  SELECT sterilizer, 'after the repair', us, us
  FROM (SELECT sterilizer, from_us AS us
        FROM sterilizer_event
        WHERE event IN ('repair', 'relocation', 'returned'))
  WHERE @after_repair),
proven AS (
  SELECT *,
    (SELECT seq
     FROM indicator_test AS pass
     WHERE pass.sterilizer = unproven.sterilizer AND result = 'pass' AND tested_us >= after_us
     ORDER BY tested_us
     LIMIT 1) AS passed_seq
  FROM unproven),
gaps AS (
  SELECT *,
    (SELECT group_concat(cycle.cycle || iif(cycle.series > 1, ' (series ' || cycle.series || ')', ''), ', ')
     FROM cycle
     WHERE cycle.sterilizer = proven.sterilizer
       AND started_us >= from_us
       AND released_seq < coalesce(passed_seq, released_seq + 1)) AS released
  FROM proven
  WHERE coalesce((SELECT tested_us FROM indicator_test WHERE seq = passed_seq) >= from_us, 1))
SELECT 'biological-gap' AS rule, 'steriliser ' || sterilizer AS subject,
  'a biological test that passed ' || why || ', before the release of cycle ' || released AS missing,
  date(from_us / 1000000, 'unixepoch') AS since
FROM gaps
WHERE released IS NOT NULL;
