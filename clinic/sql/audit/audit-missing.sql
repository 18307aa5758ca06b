-- SPDX-License-Identifier: Apache-2.0
-- A station of whose mirrored records some are not in the database; nothing where all are there.
-- $1: the station

SELECT json_build_object('finding', 'missing', 'station', name, 'record', NULL, 'says', format(
    '%s of %s records that were mirrored are not in the database any more: keep it as it is, and compare it with a backup',
    next_entry - here, next_entry))
FROM station
JOIN mirror USING (station)
CROSS JOIN (SELECT count(*) AS here FROM record WHERE station = $1) AS stored
WHERE station = $1
  AND next_entry <> here;
