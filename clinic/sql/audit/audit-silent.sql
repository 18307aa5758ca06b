-- SPDX-License-Identifier: Apache-2.0
-- Stations that are enrolled and were not heard of for some days.
-- $1: how many days a station may be silent

SELECT json_build_object('finding', 'silent', 'station', name, 'record', NULL, 'says',
    CASE
      WHEN newest IS NULL THEN format('the station was enrolled on %s and has sent nothing since', audit_utc(enrolled))
      ELSE format('the station sent its last checkpoint on %s: look whether it is in use', audit_utc(newest)) END)
FROM station
CROSS JOIN LATERAL (SELECT max(taken) AS newest FROM checkpoint WHERE checkpoint.station = station.station) AS told
WHERE state = 'active'
  AND coalesce(newest, enrolled) < now() - $1::bigint * interval '1 day'
ORDER BY name;
