-- SPDX-License-Identifier: Apache-2.0
-- How many records of kinds that are published there are.
-- For the station alone.
--
-- @after number: the seq of the last row of the page before

SELECT count(*) AS messages
FROM record
WHERE published
  AND (@after IS NULL OR seq > @after);
