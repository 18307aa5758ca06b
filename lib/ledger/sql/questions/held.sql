-- SPDX-License-Identifier: Apache-2.0
-- The cartridges that this station holds by a grant of its clinic's registry, and so may claim. One of a lot without
-- serials has a number, which the next claim of the lot takes.
--
-- @from time: on record from then on
-- @to time: on record before then
-- @lot text: a lot
-- @unit text: a cartridge, as the record names it
-- @after text: the unit of the last row of the page before
-- @limit number: at most so many rows

SELECT unit, held.lot,
  (SELECT product FROM lot WHERE lot.lot = held.lot ORDER BY gtin DESC LIMIT 1) AS product,
  (SELECT min(expiry) FROM lot WHERE lot.lot = held.lot) AS expiry,
  (SELECT min(status) FROM lot WHERE lot.lot = held.lot) AS status, granted,
  utc_us AS "recorded:utc", held.seq
FROM held
CROSS JOIN record ON record.seq = held.seq
WHERE (@from IS NULL OR utc_us >= @from)
  AND (@to IS NULL OR utc_us < @to)
  AND (@lot IS NULL OR held.lot = @lot COLLATE NOCASE)
  AND (@unit IS NULL OR unit = @unit)
  AND (@after IS NULL OR unit > @after)
ORDER BY unit
LIMIT coalesce(@limit, -1);
