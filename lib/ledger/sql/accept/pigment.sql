-- SPDX-License-Identifier: Apache-2.0
-- Queries that run before a record of pigments is accepted.

-- statement pigment_meant
-- The lot that a record means, by its number alone when brand or colour is missing. The fifth column is the number
-- of lots that match. Then the last day of its newest opened bottle, the day on which that was opened, and the result of
-- the newest check of its label.
SELECT brand, colour, expiry, status, count(*) OVER (),
  (SELECT use_by
   FROM pigment_opening AS bottle
   WHERE bottle.lot = stock.lot AND bottle.brand = stock.brand AND bottle.colour = stock.colour
   ORDER BY opened DESC, seq DESC
   LIMIT 1),
  (SELECT opened
   FROM pigment_opening AS bottle
   WHERE bottle.lot = stock.lot AND bottle.brand = stock.brand AND bottle.colour = stock.colour
   ORDER BY opened DESC, seq DESC
   LIMIT 1),
  label
FROM pigment_stock AS stock
WHERE lot = @lot AND (@brand IS NULL OR brand = @brand) AND (@colour IS NULL OR colour = @colour);

-- statement blend_label
-- The parts of a blend: the result of the newest check of the label, the last day of the newest opened bottle.
SELECT coalesce(stock.lot, part.lot), label, coalesce(
    (SELECT use_by
     FROM pigment_opening AS bottle
     WHERE bottle.lot = part.lot AND bottle.brand = part.brand AND bottle.colour = part.colour
     ORDER BY opened DESC, seq DESC
     LIMIT 1), '9999')
FROM pigment_part AS part
LEFT JOIN pigment_stock AS stock ON stock.lot = part.lot AND stock.brand = part.brand AND stock.colour = part.colour
WHERE blend = @lot
ORDER BY part.lot;

-- statement pigment_delivered
-- The lot that a delivery would add to: its status, then what the delivery must agree with.
SELECT status, expiry
FROM pigment_stock
WHERE brand = @brand AND colour = @colour AND lot = @lot;

-- statement blend_worst_part
-- The expiry of a blend, and one of its parts that is barred, if there is one.
SELECT pigment_blend.expiry, pigment_stock.lot, status
FROM pigment_blend
LEFT JOIN pigment_part USING(blend)
LEFT JOIN pigment_stock ON pigment_stock.lot = pigment_part.lot
  AND pigment_stock.brand = pigment_part.brand
  AND pigment_stock.colour = pigment_part.colour
WHERE blend = @lot AND pigment_blend.colour = @colour
ORDER BY status = 'released'
LIMIT 1;
