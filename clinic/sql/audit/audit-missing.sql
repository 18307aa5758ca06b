-- SPDX-License-Identifier: Apache-2.0
-- Stations of whose mirrored records some are not in the database.
-- $1: not used here: how many days a station may be silent

SELECT json_build_object('finding', 'missing', 'station', name, 'record', NULL, 'says', format(
    '%s of %s records that were mirrored are not in the database any more: keep it as it is, and compare it with a backup',
    next_entry - coalesce(here, 0), next_entry))
FROM station
JOIN mirror USING (station)
LEFT JOIN (SELECT station, count(*) AS here FROM record GROUP BY station) AS stored USING (station)
WHERE next_entry <> coalesce(here, 0)
  AND $1::bigint IS NOT NULL
ORDER BY name;
