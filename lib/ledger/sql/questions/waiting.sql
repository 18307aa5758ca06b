-- SPDX-License-Identifier: Apache-2.0
-- The number of records of published kinds.
-- For the station alone.
--
-- @after number: the seq of the last row of the page before

SELECT count(*) AS messages
FROM record
WHERE published
  AND (@after IS NULL OR seq > @after);
