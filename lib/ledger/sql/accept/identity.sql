-- SPDX-License-Identifier: Apache-2.0
-- What is asked before a cartridge is claimed: whether it can be another than those on record. A row that a
-- supervisor told apart from it does not count.

-- statement unit_twin
-- A serial that differs in case, zeros before a number or punctuation only. @twin: what all spellings have in
-- common.
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
-- Cartridges whose serial begins with that of @unit.
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
-- Whether cartridges of the lot have serials: received as such, or seen, as the serial of one says that all have
-- one.
SELECT 1
WHERE EXISTS (
    SELECT 1
    FROM unit
    WHERE unit.lot = @lot COLLATE NOCASE AND twin IS NOT NULL AND (@gtin IS NULL OR unit.gtin IN (@gtin, '')))
  OR EXISTS (
    SELECT 1
    FROM lot
    WHERE lot.lot = @lot COLLATE NOCASE AND serialised AND (@gtin IS NULL OR lot.gtin IN (@gtin, '')));

-- statement lot_swallowed
-- The lot that @lot begins with, where what follows reads like a serial: its cartridges have serials, or nothing
-- else is called @lot.
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
