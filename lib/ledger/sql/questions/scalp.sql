-- SPDX-License-Identifier: Apache-2.0
-- The zones of one person: all their dots, whatever session, protocol or course; when the last ones were made; and the
-- area, as measured or else as the newest session had it. A corrected pseudonym counts.
-- For the station alone.
--
-- @subject text, needed: a pseudonym, in capitals or not

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
done AS (
  SELECT zone, sum(max(chunk_dots, told_dots)) AS dots, max(worked_us) AS last_us
  FROM zone_dots
  JOIN mine USING(session)
  WHERE max(chunk_dots, told_dots) > 0
  GROUP BY zone),
measured AS (SELECT zone, area_mm2 FROM zone_area WHERE subject = @subject),
earlier AS (
  SELECT zone, area_mm2, max(session)
  FROM zone_result
  JOIN mine USING(session)
  WHERE area_mm2 > 0
  GROUP BY zone)
SELECT zone, coalesce(dots, 0) AS dots, last_us, coalesce(measured.area_mm2, earlier.area_mm2, 0) AS area_mm2,
  measured.area_mm2 IS NOT NULL AS measured
FROM (SELECT zone FROM done
      UNION
      SELECT zone FROM measured)
LEFT JOIN done USING(zone)
LEFT JOIN measured USING(zone)
LEFT JOIN earlier USING(zone)
ORDER BY zone;
