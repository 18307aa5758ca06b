-- SPDX-License-Identifier: Apache-2.0
-- What is asked before a record of pigments is accepted.

-- statement pigment_meant
-- The lot that is meant, by its number alone where brand or colour is not given. The fifth column is how many it
-- may be.
SELECT brand, colour, expiry, status, count(*) OVER ()
FROM pigment_stock
WHERE lot = @lot AND (@brand IS NULL OR brand = @brand) AND (@colour IS NULL OR colour = @colour);

-- statement pigment_delivered
-- The lot that a delivery would add to: its status, then what the delivery must agree with.
SELECT status, expiry
FROM pigment_stock
WHERE brand = @brand AND colour = @colour AND lot = @lot;

-- statement blend_worst_part
-- The expiry of a blend, and a part of it that is barred, if there is one.
SELECT pigment_blend.expiry, pigment_stock.lot, status
FROM pigment_blend
LEFT JOIN pigment_part USING(blend)
LEFT JOIN pigment_stock ON pigment_stock.lot = pigment_part.lot
  AND pigment_stock.brand = pigment_part.brand
  AND pigment_stock.colour = pigment_part.colour
WHERE blend = @lot AND pigment_blend.colour = @colour
ORDER BY status = 'released'
LIMIT 1;
