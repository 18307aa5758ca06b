-- SPDX-License-Identifier: Apache-2.0
-- Signs that cycles were left out, or were made up: numbers that are missing or out of order, curves that repeat an
-- earlier one, and times that overlap, each of one steriliser. Tests of the machine use numbers, too.

WITH numbered AS (
  SELECT sterilizer, series, cycle, started_us AS ran_us
  FROM cycle
  UNION
  SELECT test.sterilizer, 1 + count(reset_us), cycle, tested_us
  FROM equipment_test AS test
  LEFT JOIN counter_reset ON counter_reset.sterilizer = test.sterilizer AND reset_us <= tested_us
  WHERE cycle IS NOT NULL
  GROUP BY test.seq),
followed AS (
  SELECT *,
    lag(cycle) OVER (PARTITION BY sterilizer, series ORDER BY cycle, ran_us) AS before,
    max(ran_us) OVER (
      PARTITION BY sterilizer, series
      ORDER BY cycle, ran_us
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS before_us
  FROM numbered),
named AS (
  SELECT seq, sterilizer, started_us, exposure_s, coalesce(dry_s, 0) AS dry_s, curve_sha256,
    sterilizer || ' cycle ' || cycle || iif(series > 1, ' (series ' || series || ')', '') AS subject
  FROM cycle)
SELECT 'cycle-number' AS rule, 'steriliser ' || sterilizer || iif(series > 1, ' (series ' || series || ')', '') AS subject,
  iif(cycle - before = 2, 'cycle ' || (before + 1), 'cycles ' || (before + 1) || ' to ' || (cycle - 1)) AS missing,
  date(ran_us / 1000000, 'unixepoch') AS since
FROM followed
WHERE cycle - before > 1
UNION ALL
SELECT 'cycle-order', sterilizer || ' cycle ' || cycle || iif(series > 1, ' (series ' || series || ')', ''),
  'a time after that of the cycles with smaller numbers', date(ran_us / 1000000, 'unixepoch')
FROM followed
WHERE ran_us < before_us
UNION ALL
SELECT 'cycle-clone', copy.subject,
  'a curve of its own: it repeats that of ' || first.subject || ' of ' || date(first.started_us / 1000000, 'unixepoch'),
  date(copy.started_us / 1000000, 'unixepoch')
FROM named AS copy
JOIN named AS first ON first.curve_sha256 = copy.curve_sha256
WHERE first.seq = (SELECT min(seq) FROM cycle WHERE cycle.curve_sha256 = copy.curve_sha256) AND copy.seq > first.seq
UNION ALL
SELECT 'cycle-overlap', later.subject,
  'a time of its own: '
    || (SELECT earlier.subject
        FROM named AS earlier
        WHERE earlier.sterilizer = later.sterilizer
          AND earlier.started_us + (earlier.exposure_s + earlier.dry_s) * 1e6 = later.until_us
        LIMIT 1)
    || ' ran until ' || strftime('%Y-%m-%dT%H:%M:%SZ', later.until_us / 1e6, 'unixepoch'),
  date(later.started_us / 1000000, 'unixepoch')
FROM (
  SELECT sterilizer, subject, started_us,
    max(started_us + (exposure_s + dry_s) * 1e6) OVER (
      PARTITION BY sterilizer
      ORDER BY started_us, seq
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS until_us
  FROM named)
  AS later
WHERE later.started_us < later.until_us;
