-- SPDX-License-Identifier: Apache-2.0
-- All stations, with how far their logs are mirrored, what they hold, and until when their certificates count.

SELECT name, origin, state, mirror_size, pending_size,
  (SELECT count(*) FROM unit WHERE unit.station = station.station AND claimed IS NULL AND written_off IS NULL),
  (SELECT to_char(max(ends) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM certificate
    WHERE certificate.station = station.station AND revoked IS NULL),
  (SELECT to_char(max(taken) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM checkpoint
    WHERE checkpoint.station = station.station)
FROM station JOIN mirror USING (station)
ORDER BY name;
