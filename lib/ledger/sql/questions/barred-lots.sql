-- SPDX-License-Identifier: Apache-2.0
-- What must not be used, whatever its expiry: lots of cartridges, lots of pigment, and blends of these.
-- For the station alone.

SELECT what, product, lot, status
FROM (SELECT 'needle' AS what, gtin AS product, lot, status
      FROM lot
      UNION ALL
      SELECT 'pigment', brand || ' ' || colour, lot, status
      FROM pigment_stock
      UNION ALL
      SELECT 'pigment', 'blend ' || pigment_blend.colour, blend, status
      FROM pigment_blend
      JOIN pigment_part USING(blend)
      JOIN pigment_stock ON pigment_stock.lot = pigment_part.lot
        AND pigment_stock.brand = pigment_part.brand
        AND pigment_stock.colour = pigment_part.colour)
WHERE status <> 'released'
ORDER BY what, product, lot;
