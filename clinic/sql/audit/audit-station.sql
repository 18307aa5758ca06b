-- SPDX-License-Identifier: Apache-2.0
-- A station, and the newest checkpoint whose records are all here.
-- $1: its name

SELECT station, origin, mirror_size, note
FROM station
JOIN mirror USING (station)
LEFT JOIN checkpoint USING (station)
WHERE name = $1
  AND (mirror_size = 0 OR size = mirror_size)
LIMIT 1;
