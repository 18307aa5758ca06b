-- SPDX-License-Identifier: Apache-2.0
-- The dots of one person by zone and course, with the density that they make together. A course has a number for each
-- protocol: it begins with session 1 after a later one. Area: the one measured last ("measured"), or that of the newest
-- session ("session"), as in sessions before areas were measured. A corrected pseudonym counts.
--
-- @subject text, needed: a pseudonym, in capitals or not
-- @zone text: a zone of the scalp

WITH moved AS (
  SELECT record.session AS session, new, max(correction.seq)
  FROM correction
  CROSS JOIN record ON record.seq = corrects
  WHERE kind = 'session.begun' AND field = 'subject'
  GROUP BY record.session),
mine AS (
  SELECT session, protocol, course_session
  FROM session
  WHERE subject = @subject COLLATE NOCASE AND session NOT IN (SELECT session FROM moved)
  UNION
  SELECT session, protocol, course_session
  FROM session
  JOIN moved USING(session)
  WHERE new = @subject COLLATE NOCASE),
part AS (
  SELECT zone, session, protocol, course_session, max(chunk_dots, told_dots) AS dots, worked_us
  FROM zone_dots
  JOIN mine USING(session)
  WHERE max(chunk_dots, told_dots) > 0),
begun AS (
  SELECT session, course_session = 1 AND lag(course_session) OVER (PARTITION BY protocol ORDER BY session) > 1 AS begins
  FROM (SELECT DISTINCT session, protocol, course_session FROM part)),
counted AS (
  SELECT part.*, 1 + (
      SELECT coalesce(sum(begins), 0)
      FROM begun
      JOIN mine USING(session)
      WHERE begun.session <= part.session AND mine.protocol = part.protocol)
    AS course
  FROM part),
earlier AS (
  SELECT zone, area_mm2, max(session)
  FROM zone_result
  JOIN mine USING(session)
  WHERE area_mm2 > 0
  GROUP BY zone)
SELECT counted.zone, protocol, course, count(*) AS sessions, sum(dots) AS dots, coalesce(area.area_mm2, earlier.area_mm2) AS area_mm2,
  iif(area.area_mm2 IS NULL, 'session', 'measured') AS area_of,
  round(sum(dots) * 100.0 / coalesce(area.area_mm2, earlier.area_mm2), 1) AS density,
  round(sum(sum(dots)) OVER (PARTITION BY counted.zone) * 100.0 / coalesce(area.area_mm2, earlier.area_mm2), 1)
    AS density_in_all,
  min(worked_us) AS "first:utc", max(worked_us) AS "last:utc"
FROM counted
LEFT JOIN zone_area AS area ON area.subject = @subject AND area.zone = counted.zone
LEFT JOIN earlier ON earlier.zone = counted.zone
WHERE (@zone IS NULL OR counted.zone = @zone)
GROUP BY counted.zone, protocol, course
ORDER BY counted.zone, "first:utc";
