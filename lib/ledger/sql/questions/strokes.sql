-- SPDX-License-Identifier: Apache-2.0
-- The records of stroke chunks of a session, without the chunks.
--
-- @session number, needed: the number of a session
-- @from time: recorded from then on
-- @to time: recorded before then
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT seq, utc_us AS "time:utc", session, json_extract(CAST(leaf AS TEXT), '$.body.zone') AS zone,
  json_extract(CAST(leaf AS TEXT), '$.body.unit') AS unit,
  json_extract(CAST(leaf AS TEXT), '$.body.strokes') AS strokes,
  json_extract(CAST(leaf AS TEXT), '$.body.dots') AS dots,
  json_extract(CAST(leaf AS TEXT), '$.body.encoding') AS encoding,
  json_extract(CAST(leaf AS TEXT), '$.body.sha256') AS sha256,
  CASE
    WHEN EXISTS (SELECT 1 FROM correction WHERE corrects = record.seq) THEN (
      SELECT json_group_object(
        field,
        iif(
          @impersonal,
          (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
      FROM (SELECT field, new, max(seq) AS newest FROM correction WHERE corrects = record.seq GROUP BY field))
    END AS "corrected:json"
FROM record
WHERE kind = 'strokes'
  AND session = @session
  AND (@from IS NULL OR seq >= (SELECT min(first_seq) FROM record_day WHERE day >= @from / 86400000000)
      AND utc_us >= @from)
  AND (@to IS NULL OR seq <= (SELECT max(last_seq) FROM record_day WHERE day <= @to / 86400000000)
      AND utc_us < @to)
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
