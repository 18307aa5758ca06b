-- SPDX-License-Identifier: Apache-2.0
-- Pigments that were used but never received, and lots of pigment without an intended use.
--
-- @proofs text, of the profile: what the profile asks for, separated by blanks: pigment

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
WHERE instr(' ' || @proofs || ' ', ' pigment ') > 0 AND purpose IS NULL;
