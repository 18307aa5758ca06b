-- SPDX-License-Identifier: Apache-2.0
-- Stations that signed more than is mirrored, for an hour or longer.
-- $1: not used here: how many days a station may be silent

SELECT json_build_object('finding', 'lagging', 'station', name, 'record', mirror_size + 1, 'says', format(
    'the station signed %s records until %s, and %s of them are mirrored: look whether it reaches the server',
    pending_size, audit_utc(newest), mirror_size))
FROM station
JOIN mirror USING (station)
CROSS JOIN LATERAL (SELECT max(taken) AS newest FROM checkpoint WHERE checkpoint.station = station.station) AS told
WHERE mirror_size < pending_size
  AND newest < now() - interval '1 hour'
  AND $1::bigint IS NOT NULL
ORDER BY name;
