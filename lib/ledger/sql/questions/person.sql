-- SPDX-License-Identifier: Apache-2.0
-- Whether a person is known, and the spelling on record: an exact match first, then the earliest.
-- For the station alone.
--
-- @subject text: a pseudonym
-- @limit number: at most so many rows

SELECT subject, since AS "since:utc"
FROM (SELECT @subject AS wanted, subject, utc_us AS since
      FROM subject
      WHERE subject = @subject COLLATE NOCASE
      UNION ALL
      SELECT @subject, subject, utc_us
      FROM session
      WHERE subject = @subject COLLATE NOCASE
      UNION ALL
      SELECT @subject, subject, utc_us
      FROM course
      WHERE subject = @subject COLLATE NOCASE
      UNION ALL
      SELECT @subject, subject, utc_us
      FROM incident
      WHERE subject = @subject COLLATE NOCASE
      UNION ALL
      SELECT @subject, new, (SELECT utc_us FROM record WHERE record.seq = correction.seq)
      FROM correction
      WHERE field = 'subject' AND new = @subject COLLATE NOCASE)
ORDER BY subject <> wanted, since
LIMIT coalesce(@limit, 1);
