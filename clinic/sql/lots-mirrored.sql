-- SPDX-License-Identifier: Apache-2.0
-- Deliveries of lots, and their status, in the order of their records. A status without a GTIN is of all products with that lot.
-- Numbers of a lot that were used before its delivery is known are not given out.
-- $1: the lots; $2: their GTINs, or null; $3: how many came; $4: the status, or null

WITH said AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[]) WITH ORDINALITY AS said(lot, gtin, quantity, status, place)),
meant AS (
  SELECT lot, gtin FROM lot WHERE lot = ANY ($1::text[])
  UNION SELECT lot, coalesce(gtin, '') FROM said WHERE gtin IS NOT NULL OR quantity > 0
  UNION SELECT lot, '' FROM said
    WHERE lot NOT IN (SELECT lot FROM said WHERE gtin IS NOT NULL) AND NOT EXISTS (SELECT FROM lot WHERE lot.lot = said.lot)),
spread AS (
  SELECT meant.lot, meant.gtin, CASE WHEN meant.gtin = coalesce(said.gtin, '') THEN quantity ELSE 0 END AS quantity, status, place
  FROM said JOIN meant ON meant.lot = said.lot
  WHERE meant.gtin = coalesce(said.gtin, '') OR (said.gtin IS NULL AND status IS NOT NULL)),
summed AS (
  SELECT lot, gtin, sum(quantity) AS quantity, (array_agg(status ORDER BY place DESC) FILTER (WHERE status IS NOT NULL))[1] AS status
  FROM spread
  GROUP BY lot, gtin)
INSERT INTO lot(lot, gtin, quantity, status, next)
SELECT lot, gtin, summed.quantity, coalesce(summed.status, lot.status, 'released'), 1 + coalesce((
    SELECT max(substring(unit FROM '#([1-9][0-9]{0,9})$')::bigint) FROM unit
      WHERE unit.lot = summed.lot AND substring(unit FROM '#([1-9][0-9]{0,9})$')::bigint <= summed.quantity), 0)
FROM summed LEFT JOIN lot USING (lot, gtin)
ON CONFLICT (lot, gtin) DO UPDATE SET quantity = lot.quantity + excluded.quantity, status = excluded.status;
