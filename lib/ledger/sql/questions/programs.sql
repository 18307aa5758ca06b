-- SPDX-License-Identifier: Apache-2.0
-- What a cycle of each program must reach, and whether a newer record replaced it; as first recorded. Conditions
-- are on what holds now.
--
-- @from time: put on record from then on
-- @to time: put on record before then
-- @sterilizer text: the name of a steriliser, in capitals or not
-- @program text: the name of a program, in capitals or not
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT program.seq, utc_us AS "recorded:utc", sterilizer, json_extract(CAST(leaf AS TEXT), '$.body.program') AS program,
  CAST(json_extract(CAST(leaf AS TEXT), '$.body.temperature_c') AS REAL) AS temperature_c,
  CAST(json_extract(CAST(leaf AS TEXT), '$.body.exposure_s') AS REAL) AS exposure_s,
  CAST(json_extract(CAST(leaf AS TEXT), '$.body.pressure_kpa') AS REAL) AS pressure_kpa,
  (SELECT min(newer.seq)
   FROM program AS newer
   WHERE newer.sterilizer = program.sterilizer
     AND newer.program = program.program COLLATE NOCASE
     AND newer.seq > program.seq)
    AS replaced_by,
  CASE
    WHEN EXISTS (SELECT 1 FROM correction WHERE corrects = program.seq) THEN (
      SELECT json_group_object(
        field,
        iif(
          @impersonal,
          (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
      FROM (SELECT field, new, max(seq) AS newest
            FROM correction
            WHERE corrects = program.seq
            GROUP BY field))
    END AS "corrected:json"
FROM program
JOIN record USING(seq)
WHERE (@from IS NULL OR utc_us >= @from)
  AND (@to IS NULL OR utc_us < @to)
  AND (@sterilizer IS NULL OR sterilizer = @sterilizer COLLATE NOCASE)
  AND (@program IS NULL OR program = @program COLLATE NOCASE)
  AND (@after IS NULL OR program.seq > @after)
ORDER BY program.seq
LIMIT coalesce(@limit, -1);
