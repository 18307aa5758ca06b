-- SPDX-License-Identifier: Apache-2.0
-- What the server found against a station, newest first, with whoever took note of it.

SELECT finding.finding AS number, utc_text(found) AS at, kind, name AS station, origin, says, unit, acknowledgement.person AS acknowledged_by,
  utc_text(acknowledgement.at) AS acknowledged_at, acknowledgement.note
FROM finding LEFT JOIN station USING (station)
LEFT JOIN acknowledgement ON what = 'finding' AND acknowledgement.number = finding.finding
ORDER BY finding.finding DESC
LIMIT 5000;
