-- SPDX-License-Identifier: Apache-2.0
-- The signed checkpoints.
--
-- @from time: recorded from then on
-- @to time: recorded before then
-- @after number: the size of the last row of the page before
-- @limit number: at most so many rows

SELECT size, utc_us AS "time:utc", note FROM checkpoint
WHERE (@from IS NULL OR utc_us >= @from)
  AND (@to IS NULL OR utc_us < @to)
  AND (@after IS NULL OR size > @after)
ORDER BY size
LIMIT coalesce(@limit, -1);
