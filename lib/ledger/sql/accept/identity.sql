-- SPDX-License-Identifier: Apache-2.0
-- Queries that run before a cartridge is claimed: whether it may be one that is already on record. A row does not
-- count if a supervisor recorded that the two are different.

-- statement unit_twin
-- A serial that differs only in case, zeros before a number, or punctuation. @twin: the key that all these
-- spellings share.
SELECT unit.unit, utc_us
FROM unit
WHERE twin = @twin
  AND unit.unit <> @unit
  AND NOT EXISTS (
    SELECT 1
    FROM distinct_unit
    WHERE distinct_unit.unit = @unit AND distinct_unit.other = unit.unit)
ORDER BY seq
LIMIT 1;

-- statement unit_named
SELECT unit.unit, utc_us
FROM unit
WHERE unit.unit = @other
  AND NOT EXISTS (
    SELECT 1
    FROM distinct_unit
    WHERE distinct_unit.unit = @unit AND distinct_unit.other = @other);

-- statement units_longer
-- Cartridges whose serial begins with the serial of @unit.
SELECT unit.unit, utc_us
FROM unit
WHERE unit.unit >= @unit || '0'
  AND unit.unit < @unit || ':'
  AND NOT EXISTS (
    SELECT 1
    FROM distinct_unit
    WHERE distinct_unit.unit = @unit AND distinct_unit.other = unit.unit)
LIMIT 100;

-- statement lot_serialised
-- Whether the cartridges of the lot have serials: the lot was received as such, or one was seen with a serial, because
-- then all have one, or the clinic gave them labels with serials, which the column says.
SELECT EXISTS (
    SELECT 1
    FROM lot_label
    WHERE lot_label.lot = @lot COLLATE NOCASE AND (@gtin IS NULL OR lot_label.gtin IN (@gtin, '')))
  AS labelled
WHERE labelled
  OR EXISTS (
    SELECT 1
    FROM unit
    WHERE unit.lot = @lot COLLATE NOCASE AND twin IS NOT NULL AND (@gtin IS NULL OR unit.gtin IN (@gtin, '')))
  OR EXISTS (
    SELECT 1
    FROM lot
    WHERE lot.lot = @lot COLLATE NOCASE AND serialised AND (@gtin IS NULL OR lot.gtin IN (@gtin, '')));

-- statement lot_swallowed
-- The lot whose name is the beginning of @lot, if the rest reads like a serial, and if its cartridges have serials
-- or no other lot is called @lot.
SELECT lot
FROM lot
WHERE length(lot) + 3 <= length(@lot)
  AND substr(@lot, 1, length(lot)) = lot COLLATE NOCASE
  AND (@gtin IS NULL OR gtin IN (@gtin, ''))
  AND substr(@lot, length(lot) + 1, 2) = '21'
  AND (
    EXISTS (
      SELECT 1
      FROM unit
      WHERE unit.lot = lot.lot COLLATE NOCASE AND twin IS NOT NULL AND (@gtin IS NULL OR unit.gtin IN (@gtin, '')))
    OR EXISTS (
      SELECT 1
      FROM lot AS other
      WHERE other.lot = lot.lot COLLATE NOCASE AND serialised AND (@gtin IS NULL OR other.gtin IN (@gtin, '')))
    OR NOT EXISTS (SELECT 1 FROM lot AS whole WHERE whole.lot = @lot))
ORDER BY length(lot) DESC
LIMIT 1;
