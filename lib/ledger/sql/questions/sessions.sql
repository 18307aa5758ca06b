-- SPDX-License-Identifier: Apache-2.0
-- The sessions: subject, protocol, times, and how each ended.
--
-- @from time: begun from then on
-- @to time: begun before then
-- @subject text: a pseudonym, in capitals or not
-- @operator text: a badge, in capitals or not
-- @protocol text: a treatment protocol
-- @outcome text: open, signed, abandoned or interrupted
-- @after number: the session of the last row of the page before
-- @limit number: at most so many rows

WITH correcting AS (
  SELECT record.session AS whose, field, new, correction.seq
  FROM correction
  CROSS JOIN record ON record.seq = corrects
  WHERE kind IN ('session.begun', 'session.finished', 'session.signed', 'session.abandoned')),
corrections AS (
  SELECT whose, json_group_object(field, iif(@impersonal,
      (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
    AS corrected
  FROM (SELECT whose, field, new, max(seq) AS newest FROM correcting GROUP BY whose, field)
  GROUP BY whose)
SELECT session, subject, protocol, course_session, operator, utc_us AS "begun:utc", ended_us AS "ended:utc",
  outcome, dots, strokes, needles, worked_s, corrected AS "corrected:json"
FROM session
LEFT JOIN corrections ON whose = session
WHERE (@from IS NULL OR utc_us >= @from)
  AND (@to IS NULL OR utc_us < @to)
  AND (@subject IS NULL OR subject = @subject COLLATE NOCASE)
  AND (@operator IS NULL OR operator = @operator COLLATE NOCASE)
  AND (@protocol IS NULL OR protocol = @protocol)
  AND (@outcome IS NULL OR outcome = @outcome)
  AND (@after IS NULL OR session > @after)
ORDER BY session
LIMIT coalesce(@limit, -1);
