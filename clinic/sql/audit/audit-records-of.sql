-- SPDX-License-Identifier: Apache-2.0
-- The next records of some sessions of a station, a line each.
-- $1: the station; $2: the first entry; $3: the entry after the last; $4: how many at most; $5: the sessions

SELECT json_build_object('record', seq + 1, 'leaf', convert_from(leaf, 'UTF8')), seq
FROM record
WHERE station = $1
  AND seq >= $2
  AND seq < $3
  AND session = ANY($5::bigint[])
ORDER BY seq
LIMIT $4;
