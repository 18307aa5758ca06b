-- SPDX-License-Identifier: Apache-2.0
-- Alarms of the stations, newest first, with whoever took note of them here.
-- $1: time zone; $2, $3: first and last day; $4: origin of the station, or empty for all

SELECT name AS station, origin, page_alert.station AS station_id, page_alert.number, utc_text(page_alert.at) AS at, alarm, priority, words, session,
  utc_text(cleared) AS cleared, acknowledgement.person AS acknowledged_by, utc_text(acknowledgement.at) AS acknowledged_at, acknowledgement.note
FROM page_alert JOIN station USING (station)
LEFT JOIN acknowledgement ON what = 'alert' AND acknowledgement.station = page_alert.station AND acknowledgement.number = page_alert.number
WHERE page_alert.at >= $2::date::timestamp AT TIME ZONE $1 AND page_alert.at < ($3::date + 1)::timestamp AT TIME ZONE $1
  AND ($4::text = '' OR origin = $4)
ORDER BY page_alert.at DESC, page_alert.station, page_alert.number DESC
LIMIT 5000;
