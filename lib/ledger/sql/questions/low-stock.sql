-- SPDX-License-Identifier: Apache-2.0
-- The lots of cartridges that run low.
-- For the station alone.

SELECT gtin, lot, product, quantity - used AS "left"
FROM lot
WHERE used < quantity AND quantity - used <= low_stock
ORDER BY lot, gtin;
