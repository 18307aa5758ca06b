-- SPDX-License-Identifier: Apache-2.0
-- The people who are treated, by number. A change gives a person a new number, so that a reader who goes page by
-- page misses nobody. card: what the client's card says, each field by its newest record; corrected: what was corrected of
-- those.
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
  WHERE kind IN ('subject.registered', 'subject.changed', 'subject.described')
    AND (field IN ('name', 'contact') OR NOT EXISTS (
        SELECT 1
        FROM card AS later
        JOIN record AS replacing ON replacing.seq = later.seq
        LEFT JOIN personal AS said ON said.seq = later.seq
        WHERE later.subject = json_extract(CAST(record.leaf AS TEXT), '$.body.subject') AND later.seq > corrects
          AND json_type(json_patch(json_extract(CAST(replacing.leaf AS TEXT), '$.body'), coalesce(said.data, '{}')),
            '$.' || field) IS NOT NULL))
    AND (field NOT IN ('name', 'contact') OR corrects = (
        SELECT subject.seq
        FROM subject
        WHERE subject.subject = json_extract(CAST(record.leaf AS TEXT), '$.body.subject')))),
corrections AS (
  SELECT whose, json_group_object(field, iif(@impersonal,
      (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
    AS corrected
  FROM (SELECT whose, field, new, max(seq) AS newest FROM correcting GROUP BY whose, field)
  GROUP BY whose)
SELECT subject, json_extract(card, '$.phototype') AS "phototype:personal", json_extract(card, '$.born') AS "born:personal",
  utc_us AS "registered:utc", json_extract(data, '$.name') AS "name:personal",
  json_extract(data, '$.contact') AS "contact:personal", seq, card AS "card:words", corrected AS "corrected:json"
FROM (SELECT subject.subject, subject.utc_us, subject.seq,
        (SELECT json_group_object(key, value)
         FROM (SELECT key, value, max(card.seq)
               FROM card
               JOIN record USING(seq)
               LEFT JOIN personal USING(seq)
               JOIN json_each(json_patch(json_extract(CAST(leaf AS TEXT), '$.body'), coalesce(data, '{}')))
               WHERE card.subject = subject.subject AND key NOT IN ('subject', 'user', 'name', 'contact')
               GROUP BY key))
          AS card
      FROM subject) AS subject
LEFT JOIN personal USING(seq)
LEFT JOIN corrections ON whose = subject
WHERE (@from IS NULL OR utc_us >= @from)
  AND (@to IS NULL OR utc_us < @to)
  AND (@subject IS NULL OR subject = @subject COLLATE NOCASE)
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
