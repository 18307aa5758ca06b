-- SPDX-License-Identifier: Apache-2.0
-- Tests of the sterilisers themselves: steam penetration (Bowie-Dick, Helix) and vacuum leaks; as first
-- recorded. Conditions are on what holds now.
--
-- @from time: tested from then on
-- @to time: tested before then
-- @sterilizer text: the name of a steriliser, in capitals or not
-- @test text: bowie-dick, helix or leak
-- @result text: pass or fail
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT seq, sterilizer, coalesce(json_extract(CAST(leaf AS TEXT), '$.body.method'), 'leak') AS test,
  CAST(strftime('%s', json_extract(CAST(leaf AS TEXT), '$.body.tested')) AS INTEGER) * 1000000 AS "tested:utc",
  json_extract(CAST(leaf AS TEXT), '$.body.result') AS result,
  CAST(json_extract(CAST(leaf AS TEXT), '$.body.minutes') AS REAL) AS minutes,
  CAST(json_extract(CAST(leaf AS TEXT), '$.body.rate_kpa_min') AS REAL) AS rate_kpa_min,
  json_extract(CAST(leaf AS TEXT), '$.body.cycle') AS cycle, operator,
  CASE
    WHEN EXISTS (SELECT 1 FROM correction WHERE corrects = equipment_test.seq) THEN (
      SELECT json_group_object(
        field,
        iif(
          @impersonal,
          (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
      FROM (SELECT field, new, max(seq) AS newest
            FROM correction
            WHERE corrects = equipment_test.seq
            GROUP BY field))
    END AS "corrected:json"
FROM equipment_test
JOIN record USING(seq)
WHERE (@from IS NULL OR tested_us >= @from)
  AND (@to IS NULL OR tested_us < @to)
  AND (@sterilizer IS NULL OR sterilizer = @sterilizer COLLATE NOCASE)
  AND (@test IS NULL OR test = @test)
  AND (@result IS NULL OR result = @result)
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
