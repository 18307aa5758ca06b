-- SPDX-License-Identifier: Apache-2.0
-- The photographs, and whether they were erased.
--
-- @from time: taken from then on
-- @to time: taken before then
-- @session number: the number of a session
-- @zone text: a zone of the scalp
-- @phase text: before or after
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT seq, session, zone, phase, file, sha256, bytes, width, height, round(focus, 1) AS focus,
  round(exposure, 1) AS exposure, utc_us AS "taken:utc",
  CASE WHEN erase_seq IS NULL THEN 'kept' WHEN erased_seq IS NULL THEN 'to be erased' ELSE 'erased' END AS state,
  coalesce(erased_seq, erase_seq) AS erasure,
  (SELECT utc_us FROM record WHERE record.seq = coalesce(erased_seq, erase_seq)) AS "erased:utc",
  CASE
    WHEN EXISTS (SELECT 1 FROM correction WHERE corrects = image.seq) THEN (
      SELECT json_group_object(
        field,
        iif(
          @impersonal,
          (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
      FROM (SELECT field, new, max(seq) AS newest FROM correction WHERE corrects = image.seq GROUP BY field))
    END AS "corrected:json"
FROM image
WHERE (@from IS NULL OR utc_us >= @from)
  AND (@to IS NULL OR utc_us < @to)
  AND (@session IS NULL OR session = @session)
  AND (@zone IS NULL OR zone = @zone)
  AND (@phase IS NULL OR phase = @phase)
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
