-- SPDX-License-Identifier: Apache-2.0
-- The corrections of records.
--
-- @from time: recorded from then on
-- @to time: recorded before then
-- @record number: the number of the record that was corrected
-- @operator text: a badge, in capitals or not
-- @field text: the field that was corrected
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT seq, utc_us AS "time:utc", operator, corrects, field,
  iif(
    @impersonal,
    (SELECT json_extract(CAST(leaf AS TEXT), '$.body.old') FROM record WHERE record.seq = correction.seq), old)
    AS old,
  iif(
    @impersonal,
    (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = correction.seq), new)
    AS new,
  why AS "why:personal"
FROM correction
WHERE (@from IS NULL OR utc_us >= @from)
  AND (@to IS NULL OR utc_us < @to)
  AND (@record IS NULL OR corrects = @record)
  AND (@operator IS NULL OR operator = @operator COLLATE NOCASE)
  AND (@field IS NULL OR field = @field)
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
