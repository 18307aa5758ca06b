-- SPDX-License-Identifier: Apache-2.0
-- The next claims of cartridges of a station, a line each.
-- $1: the station; $2: the first entry; $3: the entry after the last; $4: how many at most

SELECT json_build_object('station', origin, 'record', seq + 1, 'unit', unit, 'utc', audit_utc(utc),
    'grant', audit_leaf(leaf) #> '{body,grant}'), seq
FROM record
JOIN station USING (station)
WHERE station = $1
  AND seq >= $2
  AND seq < $3
  AND kind = 'needle.claimed'
ORDER BY seq
LIMIT $4;
