-- SPDX-License-Identifier: Apache-2.0
-- Sign-ins, sign-outs, wrong PINs and the right ones after them.
--
-- @from time: recorded from then on
-- @to time: recorded before then
-- @badge text: a badge, in capitals or not
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT seq, utc_us AS "time:utc", kind, json_extract(CAST(leaf AS TEXT), '$.body.badge') AS badge,
  json_extract(CAST(leaf AS TEXT), '$.body.reason') AS reason,
  json_extract(CAST(leaf AS TEXT), '$.body.attempts') AS attempts,
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
WHERE kind IN ('operator.signed-in', 'operator.signed-out', 'operator.refused', 'operator.verified')
  AND (@from IS NULL OR seq >= (SELECT min(first_seq) FROM record_day WHERE day >= @from / 86400000000)
      AND utc_us >= @from)
  AND (@to IS NULL OR seq <= (SELECT max(last_seq) FROM record_day WHERE day <= @to / 86400000000)
      AND utc_us < @to)
  AND (@badge IS NULL OR json_extract(CAST(leaf AS TEXT), '$.body.badge') = @badge COLLATE NOCASE)
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
