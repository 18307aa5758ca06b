-- SPDX-License-Identifier: Apache-2.0
-- Cartridges that may not be the ones that the record names. A chip identifies its cartridge, whatever was typed.
-- If only some serials of a lot are on record, the others may be the same cartridges, unless the clinic gave the serials
-- to those that were left.

SELECT 'needle-typed' AS rule, 'cartridge ' || unit AS subject, 'a scan: its code was typed' AS missing,
  date(utc_us / 1000000, 'unixepoch') AS since
FROM unit
WHERE source = 'keyboard' AND chip IS NULL
UNION ALL
SELECT 'needle-mixed', 'lot ' || lot,
  'the serial of ' || sum(twin IS NULL) || ' of its cartridges: others have one',
  date(min(utc_us) / 1000000, 'unixepoch')
FROM unit
WHERE session IS NOT NULL
  AND NOT EXISTS (SELECT 1 FROM lot_label WHERE lot_label.lot = unit.lot COLLATE NOCASE)
GROUP BY lot COLLATE NOCASE, gtin
HAVING count(twin) > 0 AND sum(twin IS NULL) > 0;
