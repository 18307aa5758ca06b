-- SPDX-License-Identifier: Apache-2.0
-- The signing keys.
--
-- @from time: in force from then on
-- @to time: in force before then
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT seq, utc_us AS "since:utc", key, previous, statement FROM signing_key
WHERE (@from IS NULL OR utc_us >= @from)
  AND (@to IS NULL OR utc_us < @to)
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
