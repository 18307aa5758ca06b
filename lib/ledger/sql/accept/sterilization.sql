-- SPDX-License-Identifier: Apache-2.0
-- Queries that run before a record of sterilisation is accepted. questions/due.sql tells whether a biological test
-- is due.

-- statement cycle_meant
-- The cycle of that number, in the newest series unless the record names another. A mistyped figure counts as
-- corrected if a correction is on record. The fifth column is whether the steriliser was retired when the cycle
-- ran, and had not returned. The last three are what its program takes by the newest record.
WITH meant AS (
  SELECT released_seq, rejected_seq,
    @contents IS NOT NULL OR EXISTS (SELECT 1 FROM cycle_item WHERE cycle_seq = cycle.seq),
    started_us + CAST(exposure_s * 1e6 AS INTEGER),
    coalesce(
      (SELECT json_extract(CAST(leaf AS TEXT), '$.body.work') = 'retired'
       FROM record
       WHERE kind = 'sterilizer.serviced'
         AND json_extract(CAST(leaf AS TEXT), '$.body.sterilizer') = cycle.sterilizer
         AND json_extract(CAST(leaf AS TEXT), '$.body.work') IN ('retired', 'returned')
         AND CAST(strftime('%s', json_extract(CAST(leaf AS TEXT), '$.body.done')) AS INTEGER) * 1000000
           <= cycle.started_us
       ORDER BY json_extract(CAST(leaf AS TEXT), '$.body.done') DESC, seq DESC
       LIMIT 1), 0),
    coalesce(
      (SELECT CAST(new AS TEXT)
       FROM correction
       WHERE corrects = cycle.seq AND field = 'program'
       ORDER BY seq DESC
       LIMIT 1), program) AS program,
    coalesce(
      (SELECT CAST(new AS REAL)
       FROM correction
       WHERE corrects = cycle.seq AND field = 'temperature_c'
       ORDER BY seq DESC
       LIMIT 1), temperature_c),
    coalesce(
      (SELECT CAST(new AS REAL)
       FROM correction
       WHERE corrects = cycle.seq AND field = 'exposure_s'
       ORDER BY seq DESC
       LIMIT 1), exposure_s),
    mechanical, integrator, chemical,
    coalesce(
      (SELECT CAST(new AS REAL)
       FROM correction
       WHERE corrects = cycle.seq AND field = 'pressure_kpa'
       ORDER BY seq DESC
       LIMIT 1), pressure_kpa)
  FROM cycle
  WHERE sterilizer = @sterilizer AND cycle = @cycle AND (@series IS NULL OR series = @series)
  ORDER BY series DESC
  LIMIT 1)
SELECT meant.*, known.temperature_c, known.exposure_s, known.pressure_kpa
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
-- The cycle of that number, in the newest series unless the record names another, if its record has the initials of
-- whoever packed it.
SELECT 1
FROM record
WHERE seq = (
    SELECT seq
    FROM cycle
    WHERE sterilizer = @sterilizer AND cycle = @cycle AND (@series IS NULL OR series = @series)
    ORDER BY series DESC
    LIMIT 1)
  AND json_extract(CAST(leaf AS TEXT), '$.body.initials') IS NOT NULL;

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
