-- SPDX-License-Identifier: Apache-2.0
-- One cartridge: where, when, by whom and on whom it was used, and what became of it.
--
-- @unit text, needed: a cartridge, as the record names it

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
    OR kind = 'needle.disposed' AND json_extract(CAST(leaf AS TEXT), '$.body.unit') IS NULL),
corrections AS (
  SELECT whose, json_group_object(field, iif(@impersonal,
      (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
    AS corrected
  FROM (SELECT whose, field, new, max(seq) AS newest FROM correcting GROUP BY whose, field)
  GROUP BY whose)
SELECT unit.seq, unit, unit.gtin, lot, unit.expiry, chip, source, unit.session, subject, unit.operator,
  iif(unit.session IS NULL, NULL, unit.utc_us) AS "used:utc", removed_us AS "removed:utc", unit.strokes,
  unit.dots, unit.worked_s, state,
  (SELECT coalesce(
     (SELECT json_extract(data, '$.reason') FROM personal WHERE personal.seq = said.seq),
     json_extract(CAST(said.leaf AS TEXT), '$.body.reason'))
   FROM record AS said
   WHERE said.seq = damage_seq)
    AS "damage:personal",
  container, unit.ended_us AS "ended:utc", ended_by, corrected AS "corrected:json"
FROM unit
LEFT JOIN session USING(session)
LEFT JOIN corrections ON whose = unit.seq
WHERE unit = @unit;
