-- SPDX-License-Identifier: Apache-2.0
-- When a person got the last dots of each protocol: for the waiting time after a sample patch. A corrected pseudonym
-- counts.
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
  WHERE new = @subject COLLATE NOCASE)
SELECT protocol, max(worked_us) AS last_us
FROM zone_dots
JOIN mine USING(session)
WHERE max(chunk_dots, told_dots) > 0
GROUP BY protocol
ORDER BY protocol;
