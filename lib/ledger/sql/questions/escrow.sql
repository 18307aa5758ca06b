-- SPDX-License-Identifier: Apache-2.0
-- The released lots without serials that were used of late, or of which numbers are held: how many cartridges were used, how
-- many numbers are held unused, and how many are left of the delivery.
-- For the station alone.
--
-- @from time, needed: what was used from then on counts

SELECT lot.lot, max(lot.quantity - lot.used) AS "left",
  (SELECT count(*)
   FROM unit
   WHERE unit.lot = lot.lot AND unit.utc_us >= @from AND unit.unit GLOB '*(10)*#[1-9]*') AS used,
  (SELECT count(*) FROM held WHERE held.lot = lot.lot AND number IS NOT NULL) AS held
FROM lot
WHERE status = 'released'
  AND lot.used < quantity
  AND (EXISTS (
      SELECT 1
      FROM unit
      WHERE unit.lot = lot.lot AND unit.utc_us >= @from AND unit.unit GLOB '*(10)*#[1-9]*')
    OR EXISTS (SELECT 1 FROM held WHERE held.lot = lot.lot AND number IS NOT NULL))
GROUP BY lot.lot
ORDER BY lot.lot;
