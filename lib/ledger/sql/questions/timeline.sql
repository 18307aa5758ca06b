-- SPDX-License-Identifier: Apache-2.0
-- What happened: all records except strokes and accesses. For a subject, this is the person's whole file.
--
-- @from time: recorded from then on
-- @to time: recorded before then
-- @kind text: a kind of record
-- @session number: the number of a session
-- @subject text: a pseudonym, in capitals or not
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT seq, utc_us AS "time:utc", kind, json_extract(CAST(leaf AS TEXT), '$.actor') AS actor, session,
  json_extract(CAST(leaf AS TEXT), '$.body') AS "body:json",
  (SELECT nullif(json_remove(data, '$.name', '$.contact', '$.person', '$.pin'), '{}')
   FROM personal
   WHERE personal.seq = record.seq)
    AS "words:words",
  CASE
    WHEN EXISTS (SELECT 1 FROM correction WHERE corrects = record.seq) THEN (
      SELECT json_group_object(
        field,
        iif(
          @impersonal,
          (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
      FROM (SELECT field, new, max(seq) AS newest FROM correction WHERE corrects = record.seq GROUP BY field))
    END AS "corrected:json"
FROM record
WHERE kind NOT IN ('strokes', 'audit.read')
  AND (@from IS NULL OR seq >= (SELECT min(first_seq) FROM record_day WHERE day >= @from / 86400000000)
      AND utc_us >= @from)
  AND (@to IS NULL OR seq <= (SELECT max(last_seq) FROM record_day WHERE day <= @to / 86400000000)
      AND utc_us < @to)
  AND (@kind IS NULL OR kind = @kind)
  AND (@session IS NULL OR session = @session)
  AND (@subject IS NULL OR seq IN (
        SELECT seq
        FROM record
        WHERE session IN (
          SELECT session
          FROM session
          WHERE subject = @subject COLLATE NOCASE
          UNION ALL
          SELECT record.session
          FROM correction
          CROSS JOIN record ON record.seq = corrects
          WHERE kind = 'session.begun' AND field = 'subject' AND new = @subject COLLATE NOCASE)
        UNION ALL
        SELECT seq
        FROM record
        WHERE kind IN (
          'subject.registered', 'subject.changed', 'subject.described', 'recipe.noted', 'course.planned',
          'course.extended', 'zone.area', 'incident.reported', 'personal.erased')
          AND @subject COLLATE NOCASE IN (
            json_extract(CAST(leaf AS TEXT), '$.body.subject'),
            json_extract(CAST(leaf AS TEXT), '$.body.arguments.subject'))
        UNION ALL
        SELECT corrects
        FROM correction
        WHERE field = 'subject' AND new = @subject COLLATE NOCASE
        UNION ALL
        SELECT correction.seq
        FROM correction
        CROSS JOIN record ON record.seq = corrects
        WHERE @subject COLLATE NOCASE IN (
          json_extract(CAST(leaf AS TEXT), '$.body.subject'),
          json_extract(CAST(leaf AS TEXT), '$.body.arguments.subject'))
          OR field = 'subject' AND new = @subject COLLATE NOCASE))
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
