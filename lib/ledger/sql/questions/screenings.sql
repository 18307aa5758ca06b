-- SPDX-License-Identifier: Apache-2.0
-- The answers of a client before the sessions, newest first, without those that were erased.
-- For the station alone.
--
-- @subject text, needed: a pseudonym, in capitals or not
-- @limit number: at most so many rows

SELECT record.session, record.utc_us AS "answered:utc",
  coalesce(json_extract(data, '$.answers'), json_extract(CAST(leaf AS TEXT), '$.body.answers')) AS "answers:json"
FROM session
JOIN record ON record.session = session.session AND kind = 'session.screening'
LEFT JOIN personal USING(seq)
WHERE subject = @subject COLLATE NOCASE
  AND coalesce(json_extract(data, '$.answers'), json_extract(CAST(leaf AS TEXT), '$.body.answers')) IS NOT NULL
ORDER BY record.seq DESC
LIMIT coalesce(@limit, 1);
