-- SPDX-License-Identifier: Apache-2.0
-- The next records of a station that belong to no session, a line each.
-- $1: the station; $2: the first entry; $3: the entry after the last; $4: how many at most

SELECT json_build_object('record', seq + 1, 'leaf', convert_from(leaf, 'UTF8')), seq
FROM record
WHERE station = $1
  AND seq >= $2
  AND seq < $3
  AND session IS NULL
ORDER BY seq
LIMIT $4;
