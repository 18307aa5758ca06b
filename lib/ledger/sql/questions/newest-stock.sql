-- SPDX-License-Identifier: Apache-2.0
-- The lots that are released and not used up, newest first.
-- For the station alone.
--
-- @limit number: at most so many rows

SELECT lot, product, expiry, quantity - used AS "left"
FROM lot
WHERE used < quantity AND status = 'released'
ORDER BY received_us DESC, lot
LIMIT coalesce(@limit, 32);
