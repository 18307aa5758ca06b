-- SPDX-License-Identifier: Apache-2.0
-- The labels that the clinic printed for cartridges of lots without serials: one row for each cartridge.
--
-- @lot text: the number of a lot, in capitals or not
-- @record number: the record that gave these serials, or with which they were printed once more

WITH RECURSIVE meant AS (
  SELECT run, gtin, lot, first, first + count - 1 AS last, seq, seq AS record, utc_us, operator
  FROM lot_label
  UNION ALL
  SELECT run, gtin, lot, max(lot_label.first, lot_reprint.first),
    min(lot_label.first + lot_label.count, lot_reprint.first + lot_reprint.count) - 1, lot_label.seq, lot_reprint.seq,
    utc_us, operator
  FROM lot_reprint
  JOIN lot_label USING(gtin, lot)),
numbered(run, gtin, lot, number, last, seq, utc_us, operator) AS (
  SELECT run, gtin, lot, first, last, seq, utc_us, operator
  FROM meant
  WHERE first <= last AND record = coalesce(@record, seq) AND (@lot IS NULL OR lot = @lot COLLATE NOCASE)
  UNION ALL
  SELECT run, gtin, lot, number + 1, last, seq, utc_us, operator FROM numbered WHERE number < last),
named AS (
  SELECT *, run || printf('%06d', number) AS serial,
    CASE
      WHEN gtin = '' THEN '(10)' || lot || '#'
      WHEN gtin LIKE 'hibc:%' THEN gtin || '(21)'
      ELSE '(01)' || gtin || '(21)'
      END || run || printf('%06d', number) AS name
  FROM numbered)
SELECT lot.gtin, lot.lot, product, configuration, maker, lot.expiry, number, serial, name AS unit,
  named.utc_us AS "labelled:utc", named.operator AS operator,
  (SELECT count(*)
   FROM lot_reprint
   WHERE lot_reprint.lot = named.lot
     AND lot_reprint.gtin = named.gtin
     AND number BETWEEN first AND first + count - 1)
    AS reprints, unit.state, named.seq AS seq
FROM named
JOIN lot ON lot.lot = named.lot AND lot.gtin = named.gtin
LEFT JOIN unit ON unit.unit = name
ORDER BY lot.gtin, lot.lot, number;
