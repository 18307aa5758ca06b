-- SPDX-License-Identifier: Apache-2.0
-- The planned courses. done: the furthest session of the course that left dots. Sessions before the plan count, back to
-- the newest session 1, unless these were a whole course.
--
-- @from time: planned from then on
-- @to time: planned before then
-- @subject text: a pseudonym, in capitals or not
-- @protocol text: a treatment protocol
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

WITH part AS (
  SELECT course.seq, course_session, session.utc_us, course.utc_us AS planned_us
  FROM course
  JOIN session ON session.subject = course.subject COLLATE NOCASE AND session.protocol = course.protocol
  WHERE dots > 0),
begun AS (
  SELECT seq, max(utc_us) AS begun_us
  FROM part
  WHERE course_session = 1 AND utc_us <= planned_us
  GROUP BY seq),
before AS (
  SELECT seq, begun_us, max(course_session) AS reached
  FROM part
  JOIN begun USING(seq)
  WHERE utc_us >= begun_us AND utc_us <= planned_us
  GROUP BY seq)
SELECT subject, protocol, sessions, interval_days, utc_us AS "planned:utc", seq,
  (SELECT coalesce(max(course_session), 0)
   FROM part
   LEFT JOIN before USING(seq)
   WHERE part.seq = course.seq AND part.utc_us >= iif(reached < sessions, begun_us, planned_us))
    AS done,
  CASE
    WHEN EXISTS (SELECT 1 FROM correction WHERE corrects = course.seq) THEN (
      SELECT json_group_object(
        field,
        iif(
          @impersonal,
          (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
      FROM (SELECT field, new, max(seq) AS newest FROM correction WHERE corrects = course.seq GROUP BY field))
    END AS "corrected:json"
FROM course
WHERE (@from IS NULL OR utc_us >= @from)
  AND (@to IS NULL OR utc_us < @to)
  AND (@subject IS NULL OR subject = @subject COLLATE NOCASE)
  AND (@protocol IS NULL OR protocol = @protocol)
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
