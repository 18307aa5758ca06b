-- SPDX-License-Identifier: Apache-2.0
-- Grants of numbers of lots.
-- $1: the leaves that are brought back, an array of JSON; $2: the number of the first

WITH given AS (
  INSERT INTO unit_range(unit, first, last, lot, station, granted)
  SELECT leaf->>'unit', (leaf->>'first')::bigint, (leaf->>'last')::bigint, leaf->>'lot', station.station, $2::bigint + place - 1
  FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS came(leaf, place)
  JOIN station ON station.state <> 'retired' AND station.origin = leaf->>'station'
  WHERE leaf->>'kind' = 'range.granted'
  ON CONFLICT DO NOTHING
  RETURNING lot, unit, last)
INSERT INTO lot(lot, gtin, next)
SELECT lot, coalesce(substring(unit FROM '^\(01\)([^(]*)\(10\)'), substring(unit FROM '^(hibc:[^(]*)\(10\)'), ''), max(last) + 1
FROM given GROUP BY 1, 2
ON CONFLICT (lot, gtin) DO UPDATE SET next = greatest(lot.next, excluded.next);
