-- SPDX-License-Identifier: Apache-2.0
-- The planned courses. done: the furthest session of the course since it was planned in which the needle touched
-- the skin.
--
-- @from time: planned from then on
-- @to time: planned before then
-- @subject text: a pseudonym, in capitals or not
-- @protocol text: a treatment protocol
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT subject, protocol, sessions, interval_days, utc_us AS "planned:utc", seq,
  (SELECT coalesce(max(course_session), 0)
   FROM session
   WHERE session.subject = course.subject COLLATE NOCASE
     AND session.protocol = course.protocol
     AND strokes > 0
     AND session.utc_us >= course.utc_us)
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
