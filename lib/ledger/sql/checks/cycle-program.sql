-- SPDX-License-Identifier: Apache-2.0
-- Cycles that fell short of their program, or whose program is none of their steriliser's, and were not rejected. A cycle
-- that was released is judged by what its program took then, or by the earliest figures on record if these came later;
-- any other by the newest figures.

WITH programmed AS (
  SELECT cycle.*,
    coalesce(
      (SELECT max(known.seq)
       FROM program AS known
       WHERE known.sterilizer = cycle.sterilizer
         AND known.program = cycle.program COLLATE NOCASE
         AND known.seq < coalesce(released_seq, known.seq + 1)),
      (SELECT min(known.seq)
       FROM program AS known
       WHERE known.sterilizer = cycle.sterilizer AND known.program = cycle.program COLLATE NOCASE)) AS by_seq
  FROM cycle
  WHERE rejected_seq IS NULL)
SELECT 'cycle-program' AS rule,
  programmed.sterilizer || ' cycle ' || cycle || iif(series > 1, ' (series ' || series || ')', '') AS subject,
  'what its program takes, ' || printf('%g C for %g s', known.temperature_c, known.exposure_s)
    || iif(known.pressure_kpa IS NULL, '', printf(' at %g kPa', known.pressure_kpa))
    || ': it held ' || printf('%g C for %g s', programmed.temperature_c, programmed.exposure_s)
    || CASE
      WHEN known.pressure_kpa IS NULL THEN ''
      WHEN programmed.pressure_kpa IS NULL THEN ', at a pressure that is not on record'
      ELSE printf(' at %g kPa', programmed.pressure_kpa)
    END AS missing,
  date(started_us / 1000000, 'unixepoch') AS since
FROM programmed
JOIN program AS known ON known.seq = by_seq
WHERE programmed.temperature_c < known.temperature_c
  OR programmed.exposure_s < known.exposure_s
  OR known.pressure_kpa IS NOT NULL AND coalesce(programmed.pressure_kpa < known.pressure_kpa, 1)
UNION ALL
SELECT 'cycle-program', programmed.sterilizer || ' cycle ' || cycle || iif(series > 1, ' (series ' || series || ')', ''),
  'a program that is on record: "' || programmed.program || '" is none of '
    || (SELECT group_concat(name, ', ')
        FROM (SELECT DISTINCT program AS name
              FROM program
              WHERE program.sterilizer = programmed.sterilizer
              ORDER BY name COLLATE NOCASE)),
  date(started_us / 1000000, 'unixepoch')
FROM programmed
WHERE by_seq IS NULL
  AND EXISTS (
    SELECT 1
    FROM program AS known
    WHERE known.sterilizer = programmed.sterilizer AND known.seq < coalesce(released_seq, known.seq + 1));
