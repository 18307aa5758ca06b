-- SPDX-License-Identifier: Apache-2.0
-- The lots of pigment. A status without brand or colour applies to all lots with that number.
--
-- @from time: received from then on
-- @to time: received before then
-- @lot text: the number of a lot, in capitals or not
-- @status text: quarantined, recalled or released
-- @brand text: the maker of the pigment
-- @colour text: the colour
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

WITH correcting AS (
  SELECT made.seq AS whose, field, new, correction.seq
  FROM correction
  CROSS JOIN record ON record.seq = corrects
  CROSS JOIN pigment_stock AS made ON made.lot = json_extract(CAST(leaf AS TEXT), '$.body.lot')
    AND made.brand = coalesce(json_extract(CAST(leaf AS TEXT), '$.body.brand'), made.brand)
    AND made.colour = coalesce(json_extract(CAST(leaf AS TEXT), '$.body.colour'), made.colour)
  WHERE kind IN ('pigment.received', 'pigment.status', 'pigment.labelled', 'pigment.opened')),
corrections AS (
  SELECT whose, json_group_object(field, iif(@impersonal,
      (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
    AS corrected
  FROM (SELECT whose, field, new, max(seq) AS newest FROM correcting GROUP BY whose, field)
  GROUP BY whose)
SELECT brand, colour, lot, expiry, quantity, volume_ml, supplier, purpose, ingredients AS "ingredients:json", label,
  (SELECT use_by
   FROM pigment_opening AS bottle
   WHERE bottle.lot = pigment_stock.lot
     AND bottle.brand = pigment_stock.brand
     AND bottle.colour = pigment_stock.colour
   ORDER BY opened DESC, seq DESC
   LIMIT 1)
    AS use_by,
  (SELECT max(seq)
   FROM pigment_sheet AS sheet
   WHERE sheet.brand = pigment_stock.brand AND (sheet.colour IS NULL OR sheet.colour = pigment_stock.colour))
    AS sheet, status,
  (SELECT coalesce(
     (SELECT json_extract(data, '$.reason') FROM personal WHERE personal.seq = said.seq),
     json_extract(CAST(said.leaf AS TEXT), '$.body.reason'))
   FROM record AS said
   WHERE said.seq = status_seq)
    AS "status_reason:personal",
  status_us AS "changed:utc", received_us AS "received:utc", seq, corrected AS "corrected:json"
FROM pigment_stock
LEFT JOIN corrections ON whose = pigment_stock.seq
WHERE (@from IS NULL OR received_us >= @from)
  AND (@to IS NULL OR received_us < @to)
  AND (@lot IS NULL OR lot = @lot COLLATE NOCASE)
  AND (@status IS NULL OR status = @status)
  AND (@brand IS NULL OR brand = @brand)
  AND (@colour IS NULL OR colour = @colour)
  AND (@after IS NULL OR coalesce((brand, colour, expiry, lot)
      > (SELECT brand, colour, expiry, lot FROM pigment_stock WHERE seq = @after), @after = 0))
ORDER BY brand, colour, expiry, lot
LIMIT coalesce(@limit, -1);
