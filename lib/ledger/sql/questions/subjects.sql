-- SPDX-License-Identifier: Apache-2.0
-- The people who are treated, by number. A change gives a person a new number, so that a reader who goes page by
-- page misses nobody.
--
-- @from time: registered from then on
-- @to time: registered before then
-- @subject text: a pseudonym, in capitals or not
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

WITH correcting AS (
  SELECT json_extract(CAST(leaf AS TEXT), '$.body.subject') AS whose, field, new, correction.seq
  FROM correction
  CROSS JOIN record ON record.seq = corrects
  WHERE kind IN ('subject.registered', 'subject.changed')),
corrections AS (
  SELECT whose, json_group_object(field, iif(@impersonal,
      (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
    AS corrected
  FROM (SELECT whose, field, new, max(seq) AS newest FROM correcting GROUP BY whose, field)
  GROUP BY whose)
SELECT subject, phototype, born, subject.utc_us AS "registered:utc",
  json_extract(data, '$.name') AS "name:personal", json_extract(data, '$.contact') AS "contact:personal",
  subject.seq, corrected AS "corrected:json"
FROM subject
LEFT JOIN personal USING(seq)
LEFT JOIN corrections ON whose = subject
WHERE (@from IS NULL OR subject.utc_us >= @from)
  AND (@to IS NULL OR subject.utc_us < @to)
  AND (@subject IS NULL OR subject = @subject COLLATE NOCASE)
  AND (@after IS NULL OR subject.seq > @after)
ORDER BY subject.seq
LIMIT coalesce(@limit, -1);
