-- SPDX-License-Identifier: Apache-2.0
-- Each session: whose it was only the station knows.
-- $1: time zone; $2, $3: first and last day; $4: origin of the station, or empty for all

SELECT name AS station, origin, session, utc_text(begun) AS begun, utc_text(ended) AS ended, coalesce(outcome, 'open') AS outcome, protocol, visit,
  dots, strokes, cartridges, worked_s
FROM page_treatment JOIN station USING (station)
WHERE begun >= $2::date::timestamp AT TIME ZONE $1 AND begun < ($3::date + 1)::timestamp AT TIME ZONE $1 AND ($4::text = '' OR origin = $4)
ORDER BY page_treatment.begun DESC, name
LIMIT 20000;
