-- SPDX-License-Identifier: Apache-2.0
-- Stations that showed a log that is not what it was: a restored or cloned card.
-- $1: not used here: how many days a station may be silent

SELECT json_build_object('finding', 'quarantined', 'station', name, 'record', NULL, 'says',
    'the station showed a log that is not what it was, as after a restored or cloned card: it claims nothing until it is enrolled anew')
FROM station
WHERE state = 'quarantined'
  AND $1::bigint IS NOT NULL
ORDER BY name;
