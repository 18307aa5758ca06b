-- SPDX-License-Identifier: Apache-2.0
-- The records of published kinds.
-- For the station alone.
--
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT seq, kind, utc_us AS "utc:utc", json_extract(CAST(leaf AS TEXT), '$.body') AS body,
  json_extract(CAST(leaf AS TEXT), '$.body.zone') AS zone
FROM record
WHERE published
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, 100);
