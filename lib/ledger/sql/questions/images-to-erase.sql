-- SPDX-License-Identifier: Apache-2.0
-- The photographs that must be erased.
-- For the station alone.
--
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT seq AS image, session, file, sha256
FROM image
WHERE erase_seq IS NOT NULL AND erased_seq IS NULL
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, 100);
