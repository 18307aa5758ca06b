-- SPDX-License-Identifier: Apache-2.0
-- The records about files of sterilisation certificates.
--
-- @from time: recorded from then on
-- @to time: recorded before then
-- @lot text: the number of a lot, in capitals or not
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT seq, utc_us AS "time:utc", json_extract(CAST(leaf AS TEXT), '$.actor') AS actor,
  json_extract(CAST(leaf AS TEXT), '$.body') AS "body:json",
  (SELECT nullif(json_remove(data, '$.name', '$.contact', '$.person', '$.pin'), '{}')
   FROM personal
   WHERE personal.seq = record.seq)
    AS "words:words",
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
WHERE kind = 'lot.certificate'
  AND (@from IS NULL OR seq >= (SELECT min(first_seq) FROM record_day WHERE day >= @from / 86400000000)
      AND utc_us >= @from)
  AND (@to IS NULL OR seq <= (SELECT max(last_seq) FROM record_day WHERE day <= @to / 86400000000)
      AND utc_us < @to)
  AND (@lot IS NULL OR json_extract(CAST(leaf AS TEXT), '$.body.lot') = @lot COLLATE NOCASE)
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
