-- SPDX-License-Identifier: Apache-2.0
-- The pigments that were loaded, and the zones where they were used.
--
-- @from time: loaded from then on
-- @to time: loaded before then
-- @lot text: the number of a lot, in capitals or not
-- @session number: the number of a session
-- @subject text: a pseudonym, in capitals or not
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

WITH correcting AS (
  SELECT corrects AS whose, field, new, correction.seq
  FROM correction
  CROSS JOIN record ON record.seq = corrects
  WHERE kind = 'pigment.loaded'
  UNION ALL
  SELECT made.seq AS whose, field, new, correction.seq
  FROM correction
  CROSS JOIN record ON record.seq = corrects
  CROSS JOIN pigment_use AS made ON made.session = record.session
  WHERE kind = 'session.begun' AND field = 'subject'),
corrections AS (
  SELECT whose, json_group_object(field, iif(@impersonal,
      (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
    AS corrected
  FROM (SELECT whose, field, new, max(seq) AS newest FROM correcting GROUP BY whose, field)
  GROUP BY whose)
SELECT seq, brand, colour, lot, expiry, session, subject, pigment_use.utc_us AS "used:utc",
  (SELECT json_group_array(zone) FROM pigment_zone WHERE pigment_zone.seq = pigment_use.seq) AS "zones:json",
  corrected AS "corrected:json"
FROM pigment_use
LEFT JOIN session USING(session)
LEFT JOIN corrections ON whose = pigment_use.seq
WHERE (@from IS NULL OR pigment_use.utc_us >= @from)
  AND (@to IS NULL OR pigment_use.utc_us < @to)
  AND (@lot IS NULL OR lot = @lot COLLATE NOCASE)
  AND (@session IS NULL OR session = @session)
  AND (@subject IS NULL OR subject = @subject COLLATE NOCASE)
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
