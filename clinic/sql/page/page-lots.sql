-- SPDX-License-Identifier: Apache-2.0
-- Each lot of cartridges: what was received, what is gone, and how many a day of the last 28 days.
-- $1: time zone

WITH used AS (
  SELECT lot, gtin, sum(used) AS used, sum(used) FILTER (WHERE day >= (now() AT TIME ZONE $1)::date - 28 AND day < (now() AT TIME ZONE $1)::date) AS lately
  FROM page_used GROUP BY 1, 2
), held AS (
  SELECT lot, count(*) AS held FROM unit WHERE claimed IS NULL AND written_off IS NULL GROUP BY 1
)
SELECT page_lot.lot, nullif(page_lot.gtin, '') AS gtin, product, maker, to_char(expiry, 'YYYY-MM-DD') AS expiry, coalesce(status, 'released') AS status,
  received, gone.used, greatest(received - gone.used, 0) AS remaining, coalesce(held, 0) AS held,
  round(gone.lately / 28, 2) AS used_per_day, coalesce(expiry < (now() AT TIME ZONE $1)::date, false) AS expired
FROM page_lot
LEFT JOIN held USING (lot)
LEFT JOIN LATERAL (
  SELECT status FROM page_lot_status AS told WHERE told.lot = page_lot.lot AND (told.gtin = page_lot.gtin OR told.gtin = '' OR page_lot.gtin = '')
  ORDER BY at DESC LIMIT 1
) AS newest ON true
CROSS JOIN LATERAL (
  SELECT coalesce(sum(used), 0)::bigint AS used, coalesce(sum(lately), 0) AS lately
  FROM used WHERE used.lot = page_lot.lot AND (used.gtin = page_lot.gtin OR used.gtin = '' OR page_lot.gtin = '')
) AS gone
ORDER BY expired, greatest(received - gone.used, 0) = 0, expiry, page_lot.lot
LIMIT 5000;
