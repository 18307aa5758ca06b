-- SPDX-License-Identifier: Apache-2.0
-- The incidents that nobody reported yet to the authority that the compliance profile of their time names; the most
-- urgent first. due is the last day, or the last moment. Public holidays are not known: it may be early.
--
-- @subject text: a pseudonym, in capitals or not
-- @limit number: at most so many rows

SELECT seq, incident, severity, session, subject, utc_us AS "time:utc", report_to, due, due_us AS "late:utc"
FROM incident
WHERE due_us IS NOT NULL
  AND notified_seq IS NULL
  AND (@subject IS NULL OR subject = @subject COLLATE NOCASE)
ORDER BY due_us, seq
LIMIT coalesce(@limit, -1);
