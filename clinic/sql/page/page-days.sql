-- SPDX-License-Identifier: Apache-2.0
-- What each station did on each day: treatments, hours and dots. A treatment counts on the day on which it began.
-- $1: time zone; $2, $3: first and last day; $4: origin of the station, or empty for all

WITH quarters AS (
  SELECT station, (quarter AT TIME ZONE $1)::date AS day, sum(dots)::bigint AS dots, sum(strokes)::bigint AS strokes
  FROM page_quarter
  WHERE quarter >= $2::date::timestamp AT TIME ZONE $1 AND quarter < ($3::date + 1)::timestamp AT TIME ZONE $1
  GROUP BY 1, 2
), treatments AS (
  SELECT station, (begun AT TIME ZONE $1)::date AS day, count(*) AS sessions, sum(cartridges)::bigint AS cartridges,
    sum(worked_s)::bigint AS worked_s, sum(least(greatest(extract(epoch FROM ended - begun), 0), 86400))::bigint AS occupied_s
  FROM page_treatment
  WHERE begun >= $2::date::timestamp AT TIME ZONE $1 AND begun < ($3::date + 1)::timestamp AT TIME ZONE $1
  GROUP BY 1, 2
)
SELECT to_char(day, 'YYYY-MM-DD') AS day, name AS station, origin, coalesce(sessions, 0) AS sessions, coalesce(occupied_s, 0) AS occupied_s,
  coalesce(worked_s, 0) AS worked_s, coalesce(dots, 0) AS dots, coalesce(strokes, 0) AS strokes, coalesce(cartridges, 0) AS cartridges
FROM quarters FULL JOIN treatments USING (station, day) JOIN station USING (station)
WHERE $4::text = '' OR origin = $4
ORDER BY day, name;
