-- SPDX-License-Identifier: Apache-2.0
-- Pigments that were used but never received, and lots of pigment without an intended use.
-- Pigments that were used after their time once opened, and lots whose label was not found in order.
--
-- @proofs text, of the profile: what the profile asks for, separated by blanks: pigment, ink_label

SELECT 'pigment-received' AS rule, 'pigment ' || brand || ' ' || colour || ' lot ' || lot AS subject,
  'its receipt, though it was used' AS missing, date(min(utc_us) / 1000000, 'unixepoch') AS since
FROM pigment_use
WHERE instr(' ' || @proofs || ' ', ' pigment ') > 0
  AND brand != 'blend'
  AND NOT EXISTS (
    SELECT 1
    FROM pigment_stock AS stock
    WHERE stock.lot = pigment_use.lot AND stock.brand = pigment_use.brand AND stock.colour = pigment_use.colour)
GROUP BY brand, colour, lot
UNION ALL
SELECT 'pigment-purpose', 'pigment ' || brand || ' ' || colour || ' lot ' || lot, 'its intended use',
  date(received_us / 1000000, 'unixepoch')
FROM pigment_stock
WHERE instr(' ' || @proofs || ' ', ' pigment ') > 0 AND purpose IS NULL
UNION ALL
SELECT 'pigment-label', 'pigment ' || brand || ' ' || colour || ' lot ' || lot,
  iif(label IS NULL, 'the check of its label', 'what its label must have by REACH'),
  date(received_us / 1000000, 'unixepoch')
FROM pigment_stock
WHERE instr(' ' || @proofs || ' ', ' ink_label ') > 0 AND label IS NOT 'pass'
UNION ALL
SELECT 'pigment-opened', 'pigment ' || used.brand || ' ' || used.colour || ' lot ' || used.lot,
  'a bottle that might be used in session ' || session || ': the one opened on ' || opened || ' lasted until ' || use_by,
  date(used.utc_us / 1000000, 'unixepoch')
FROM pigment_use AS used
JOIN pigment_opening AS bottle ON bottle.seq = (
  SELECT seq
  FROM pigment_opening AS newest
  WHERE newest.lot = used.lot
    AND newest.brand = used.brand
    AND newest.colour = used.colour
    AND opened <= date(used.utc_us / 1000000, 'unixepoch')
  ORDER BY opened DESC, seq DESC
  LIMIT 1)
WHERE use_by < date(used.utc_us / 1000000, 'unixepoch');
