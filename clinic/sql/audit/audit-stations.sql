-- SPDX-License-Identifier: Apache-2.0
-- The stations, a line each: how far the log of each is mirrored, and when it last signed.
-- $1: words; with these only the stations whose records name one of them; NULL: all; $2: the name of one station; NULL: all

SELECT json_build_object('station', name, 'origin', origin, 'key', log_key, 'state', state,
    'records', mirror_size, 'signed', pending_size, 'enrolled', audit_utc(enrolled),
    'seen', audit_utc((SELECT max(taken) FROM checkpoint WHERE checkpoint.station = station.station)))
FROM station
JOIN mirror USING (station)
WHERE ($1::text[] IS NULL OR station IN (SELECT record.station FROM record WHERE names && $1))
  AND ($2::text IS NULL OR name = $2)
ORDER BY name;
