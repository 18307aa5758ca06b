-- SPDX-License-Identifier: Apache-2.0
-- Each product: cartridges that may still be used, and for how many days at the pace of the last 28 days.
-- $1: time zone

WITH used AS (
  SELECT lot, gtin, sum(used) AS used, sum(used) FILTER (WHERE day >= (now() AT TIME ZONE $1)::date - 28 AND day < (now() AT TIME ZONE $1)::date) AS lately
  FROM page_used GROUP BY 1, 2
), lots AS (
  SELECT coalesce(product, 'unknown') AS product, expiry, greatest(received - gone.used, 0) AS remaining, gone.lately,
    coalesce(status, 'released') = 'released' AND (expiry IS NULL OR expiry >= (now() AT TIME ZONE $1)::date) AS usable
  FROM page_lot
  LEFT JOIN LATERAL (
    SELECT status FROM page_lot_status AS told WHERE told.lot = page_lot.lot AND (told.gtin = page_lot.gtin OR told.gtin = '' OR page_lot.gtin = '')
    ORDER BY at DESC LIMIT 1
  ) AS newest ON true
  CROSS JOIN LATERAL (
    SELECT coalesce(sum(used), 0) AS used, coalesce(sum(lately), 0) AS lately
    FROM used WHERE used.lot = page_lot.lot AND (used.gtin = page_lot.gtin OR used.gtin = '' OR page_lot.gtin = '')
  ) AS gone
), products AS (
  SELECT product, sum(remaining) FILTER (WHERE usable) AS usable, sum(remaining) FILTER (WHERE NOT usable) AS barred,
    sum(lately) AS lately, min(expiry) FILTER (WHERE usable AND remaining > 0) AS expiry, count(*) FILTER (WHERE usable AND remaining > 0) AS lots
  FROM lots GROUP BY 1
)
SELECT product, coalesce(usable, 0)::bigint AS remaining, coalesce(barred, 0)::bigint AS barred, lots, round(lately / 28, 2) AS used_per_day,
  CASE WHEN lately > 0 THEN least(floor(coalesce(usable, 0) * 28 / lately), 99999)::bigint END AS days_left, to_char(expiry, 'YYYY-MM-DD') AS next_expiry
FROM products
WHERE coalesce(usable, 0) + coalesce(barred, 0) > 0 OR lately > 0
ORDER BY days_left NULLS LAST, product
LIMIT 1000;
