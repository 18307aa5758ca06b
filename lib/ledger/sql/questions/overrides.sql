-- SPDX-License-Identifier: Apache-2.0
-- The refusals that a supervisor has overridden.
--
-- @from time: recorded from then on
-- @to time: recorded before then
-- @session number: the number of a session
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT seq, utc_us AS "time:utc", session, json_extract(CAST(leaf AS TEXT), '$.actor') AS actor,
  json_extract(CAST(leaf AS TEXT), '$.body.interlock') AS interlock,
  coalesce(
    (SELECT json_extract(data, '$.reason') FROM personal WHERE personal.seq = record.seq),
    json_extract(CAST(record.leaf AS TEXT), '$.body.reason'))
    AS "reason:personal",
  json_extract(CAST(leaf AS TEXT), '$.body.signed') AS signed,
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
WHERE kind = 'interlock.overridden'
  AND (@from IS NULL OR seq >= (SELECT min(first_seq) FROM record_day WHERE day >= @from / 86400000000)
      AND utc_us >= @from)
  AND (@to IS NULL OR seq <= (SELECT max(last_seq) FROM record_day WHERE day <= @to / 86400000000)
      AND utc_us < @to)
  AND (@session IS NULL OR session = @session)
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
