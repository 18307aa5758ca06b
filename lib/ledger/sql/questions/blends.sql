-- SPDX-License-Identifier: Apache-2.0
-- The blends of pigments, with their parts.
--
-- @from time: recorded from then on
-- @to time: recorded before then
-- @blend text: the name of a blend, in capitals or not
-- @lot text: the number of a lot
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT seq, blend, colour, expiry, operator, utc_us AS "blended:utc",
  (SELECT json_group_array(
     json_object(
       'brand', brand, 'colour', colour, 'lot', lot, 'parts', parts, 'expiry',
       (SELECT expiry
        FROM pigment_stock
        WHERE pigment_stock.lot = pigment_part.lot
          AND pigment_stock.brand = pigment_part.brand
          AND pigment_stock.colour = pigment_part.colour)))
   FROM pigment_part
   WHERE pigment_part.blend = pigment_blend.blend)
    AS "parts:json",
  CASE
    WHEN EXISTS (SELECT 1 FROM correction WHERE corrects = pigment_blend.seq) THEN (
      SELECT json_group_object(
        field,
        iif(
          @impersonal,
          (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
      FROM (SELECT field, new, max(seq) AS newest
            FROM correction
            WHERE corrects = pigment_blend.seq
            GROUP BY field))
    END AS "corrected:json"
FROM pigment_blend
WHERE (@from IS NULL OR utc_us >= @from)
  AND (@to IS NULL OR utc_us < @to)
  AND (@blend IS NULL OR blend = @blend COLLATE NOCASE)
  AND (@lot IS NULL OR blend IN (SELECT blend FROM pigment_part WHERE lot = @lot))
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
