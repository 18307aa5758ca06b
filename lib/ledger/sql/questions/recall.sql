-- SPDX-License-Identifier: Apache-2.0
-- Where a lot was used: cartridges, pigments, and blends with a part of it. A lot of cartridges and a lot of
-- pigment may have the same number, so each row says which it is.
--
-- @lot text, needed: the number of a lot, in capitals or not
-- @from time: used from then on
-- @to time: used before then
-- @subject text: a pseudonym, in capitals or not
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

WITH correcting AS (
  SELECT made.seq AS whose, field, new, correction.seq
  FROM correction
  CROSS JOIN record ON record.seq = corrects
  CROSS JOIN unit AS made ON made.unit = json_extract(CAST(leaf AS TEXT), '$.body.unit')
  WHERE kind IN ('needle.claimed', 'needle.removed', 'needle.disposed', 'needle.damaged')
  UNION ALL
  SELECT made.seq AS whose, field, new, correction.seq
  FROM correction
  CROSS JOIN record ON record.seq = corrects
  CROSS JOIN unit AS made ON made.session = record.session
  WHERE kind = 'session.begun' AND field = 'subject'
    OR kind = 'needle.disposed' AND json_extract(CAST(leaf AS TEXT), '$.body.unit') IS NULL
  UNION ALL
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
SELECT used.*, corrected AS "corrected:json"
FROM (SELECT unit.lot, 'cartridge' AS item, unit AS what, unit.session, subject, unit.operator,
        unit.utc_us AS "used:utc", unit.seq
      FROM unit
      LEFT JOIN session USING(session)
      WHERE unit.session IS NOT NULL
      UNION ALL
      SELECT pigment_use.lot, 'pigment', brand || ' ' || colour, pigment_use.session, subject, session.operator,
        pigment_use.utc_us, pigment_use.seq
      FROM pigment_use
      LEFT JOIN session USING(session)
      UNION ALL
      SELECT DISTINCT pigment_part.lot, 'blend', pigment_use.lot, pigment_use.session, subject,
        session.operator, pigment_use.utc_us, pigment_use.seq
      FROM pigment_part
      JOIN pigment_use ON pigment_use.brand = 'blend' AND pigment_use.lot = blend
      LEFT JOIN session USING(session))
  AS used
LEFT JOIN corrections ON whose = seq
WHERE lot = @lot COLLATE NOCASE
  AND (@from IS NULL OR "used:utc" >= @from)
  AND (@to IS NULL OR "used:utc" < @to)
  AND (@subject IS NULL OR subject = @subject COLLATE NOCASE)
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
