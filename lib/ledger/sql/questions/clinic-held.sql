-- SPDX-License-Identifier: Apache-2.0
-- The cartridges that the station holds by grants of the clinic's registry and has not claimed: one with a serial in
-- unit, and of a lot without serials the numbers from first to last.
-- For the station alone.
--
-- @limit number: at most so many rows

SELECT unit, lot, granted AS "number", NULL AS "first", NULL AS "last"
FROM held
WHERE number IS NULL
UNION ALL
SELECT lot_unit, lot, granted, min(number), max(number)
FROM (SELECT lot_unit, lot, granted, number,
        number - row_number() OVER (PARTITION BY lot_unit, granted ORDER BY number) AS run
      FROM held
      WHERE number IS NOT NULL)
GROUP BY lot_unit, lot, granted, run
ORDER BY 2, 1, 4
LIMIT coalesce(@limit, -1);
