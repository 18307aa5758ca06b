-- SPDX-License-Identifier: Apache-2.0
-- Queries that run before a record of sterilisation is accepted. questions/due.sql tells whether a biological test
-- is due.

-- statement cycle_meant
-- The cycle of that number, in the newest series unless the record names another. The fifth column is whether the
-- steriliser was retired when the cycle ran, and had not returned. The last four are what its program takes by the
-- newest record, and the programs of the steriliser that are on record.
WITH meant AS (
  SELECT released_seq, rejected_seq,
    @contents IS NOT NULL OR EXISTS (SELECT 1 FROM cycle_item WHERE cycle_seq = cycle.seq),
    started_us + CAST(exposure_s * 1e6 AS INTEGER),
    coalesce(
      (SELECT event = 'retired'
       FROM sterilizer_event
       WHERE sterilizer_event.sterilizer = cycle.sterilizer
         AND event IN ('retired', 'returned')
         AND from_us <= started_us
       ORDER BY from_us DESC, sterilizer_event.seq DESC
       LIMIT 1), 0),
    program, temperature_c, exposure_s, mechanical, integrator, chemical, pressure_kpa
  FROM cycle
  WHERE sterilizer = @sterilizer AND cycle = @cycle AND (@series IS NULL OR series = @series)
  ORDER BY series DESC
  LIMIT 1)
SELECT meant.*, known.temperature_c, known.exposure_s, known.pressure_kpa,
  (SELECT group_concat(name, ', ')
   FROM (SELECT DISTINCT program AS name FROM program WHERE program.sterilizer = @sterilizer ORDER BY name COLLATE NOCASE))
FROM meant
LEFT JOIN program AS known ON known.seq = (
  SELECT max(seq)
  FROM program
  WHERE program.sterilizer = @sterilizer AND program.program = meant.program COLLATE NOCASE);

-- statement tested_us
-- When the steriliser ran with the indicator: the time of the cycle, or the given time if no cycle is named.
SELECT coalesce(
  (SELECT started_us
   FROM cycle
   WHERE sterilizer = @sterilizer AND cycle = @cycle AND (@series IS NULL OR series = @series)
   ORDER BY series DESC
   LIMIT 1),
  CASE WHEN @cycle IS NULL THEN CAST(strftime('%s', @tested) AS INTEGER) * 1000000 END);

-- statement initials_known
-- The cycle of that number, in the newest series unless the record names another, if its record or a correction has the
-- initials of whoever packed it.
SELECT 1
FROM record
WHERE seq = (
    SELECT seq
    FROM cycle
    WHERE sterilizer = @sterilizer AND cycle = @cycle AND (@series IS NULL OR series = @series)
    ORDER BY series DESC
    LIMIT 1)
  AND (json_extract(CAST(leaf AS TEXT), '$.body.initials') IS NOT NULL
    OR EXISTS (SELECT 1 FROM correction WHERE corrects = record.seq AND field = 'initials'));

-- statement equipment_tested
-- Of the cycle of that number: the class of its steriliser; the result of the newest steam penetration test in the 16
-- hours before it began; the result and time of the newest leak test before it began, and whether that is longer ago
-- than the body's days.
WITH meant AS (
  SELECT sterilizer, started_us
  FROM cycle
  WHERE sterilizer = @sterilizer AND cycle = @cycle AND (@series IS NULL OR series = @series)
  ORDER BY series DESC
  LIMIT 1)
SELECT
  (SELECT class FROM sterilizer WHERE sterilizer.sterilizer = meant.sterilizer),
  (SELECT result
   FROM equipment_test
   WHERE equipment_test.sterilizer = meant.sterilizer
     AND test IN ('bowie-dick', 'helix')
     AND tested_us BETWEEN started_us - 16 * 3600000000 AND started_us
   ORDER BY tested_us DESC, seq DESC
   LIMIT 1),
  leak.result, date(leak.tested_us / 1000000, 'unixepoch'),
  coalesce(leak.tested_us / 86400000000 + @leak_test_days < started_us / 86400000000, 1)
FROM meant
LEFT JOIN equipment_test AS leak ON leak.seq = (
  SELECT seq
  FROM equipment_test
  WHERE equipment_test.sterilizer = meant.sterilizer AND test = 'leak' AND tested_us <= started_us
  ORDER BY tested_us DESC, seq DESC
  LIMIT 1);

-- statement indicator_corrected
-- What a biological test would say with a correction: its result, its control, its lot, and whether it had expired when
-- it ran.
SELECT iif(@field = 'result', @new, result), iif(@field = 'control', @new, control), lot,
  iif(@field = 'expiry', @new, expiry)
    < date(iif(@field = 'tested', CAST(strftime('%s', @new) AS INTEGER), tested_us / 1000000), 'unixepoch')
FROM indicator_test
WHERE seq = @corrects;
