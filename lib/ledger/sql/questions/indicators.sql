-- SPDX-License-Identifier: Apache-2.0
-- The biological tests, as first recorded. Conditions are on what holds now.
--
-- @from time: tested from then on
-- @to time: tested before then
-- @sterilizer text: the name of a steriliser, in capitals or not
-- @result text: pass, fail or invalid
-- @lot text: the number of a lot, in capitals or not
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT seq, sterilizer, cycle, (SELECT series FROM cycle WHERE cycle.seq = ran_seq) AS series,
  iif(
    EXISTS (SELECT 1 FROM correction WHERE corrects = indicator_test.seq AND field = 'tested'),
    CAST(strftime('%s', json_extract(CAST(leaf AS TEXT), '$.body.tested')) AS INTEGER) * 1000000, tested_us)
    AS "tested:utc",
  lot, json_extract(CAST(leaf AS TEXT), '$.body.expiry') AS expiry,
  json_extract(CAST(leaf AS TEXT), '$.body.control') AS control,
  json_extract(CAST(leaf AS TEXT), '$.body.result') AS result, incubation_h, laboratory, operator,
  followed_seq AS follow_up,
  CASE
    WHEN EXISTS (SELECT 1 FROM correction WHERE corrects IN (indicator_test.seq, followed_seq)) THEN (
      SELECT json_group_object(
        field,
        iif(
          @impersonal,
          (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
      FROM (SELECT field, new, max(seq) AS newest
            FROM correction
            WHERE corrects IN (indicator_test.seq, followed_seq)
            GROUP BY field))
    END AS "corrected:json"
FROM indicator_test
JOIN record USING(seq)
WHERE (@from IS NULL OR tested_us >= @from)
  AND (@to IS NULL OR tested_us < @to)
  AND (@sterilizer IS NULL OR sterilizer = @sterilizer COLLATE NOCASE)
  AND (@result IS NULL OR result = @result)
  AND (@lot IS NULL OR lot = @lot COLLATE NOCASE)
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
