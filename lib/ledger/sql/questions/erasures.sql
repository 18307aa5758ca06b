-- SPDX-License-Identifier: Apache-2.0
-- What was erased: personal data and photographs.
--
-- @from time: recorded from then on
-- @to time: recorded before then
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT seq, utc_us AS "time:utc", kind, json_extract(CAST(leaf AS TEXT), '$.actor') AS actor,
  json_extract(CAST(leaf AS TEXT), '$.body.subject') AS subject,
  json_extract(CAST(leaf AS TEXT), '$.body.badge') AS badge,
  json_extract(CAST(leaf AS TEXT), '$.body.record') AS record,
  coalesce(
    (SELECT json_extract(data, '$.reason') FROM personal WHERE personal.seq = record.seq),
    json_extract(CAST(record.leaf AS TEXT), '$.body.reason'))
    AS "reason:personal",
  coalesce(
    (SELECT json_extract(data, '$.despite') FROM personal WHERE personal.seq = record.seq),
    json_extract(CAST(record.leaf AS TEXT), '$.body.despite'))
    AS "despite:personal",
  json_extract(CAST(leaf AS TEXT), '$.body.records') AS "records:json",
  json_extract(CAST(leaf AS TEXT), '$.body.images') AS images, session,
  json_extract(CAST(leaf AS TEXT), '$.body.image') AS image,
  json_extract(CAST(leaf AS TEXT), '$.body.file') AS file,
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
WHERE kind IN ('personal.erased', 'image.erased')
  AND (@from IS NULL OR seq >= (SELECT min(first_seq) FROM record_day WHERE day >= @from / 86400000000)
      AND utc_us >= @from)
  AND (@to IS NULL OR seq <= (SELECT max(last_seq) FROM record_day WHERE day <= @to / 86400000000)
      AND utc_us < @to)
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
