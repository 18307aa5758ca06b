-- SPDX-License-Identifier: Apache-2.0
-- Grants and moves of units: the last leaf that names a unit says who holds it.
-- $1: the leaves that are brought back, an array of JSON; $2: the number of the first

INSERT INTO unit(unit, lot, station, granted)
SELECT DISTINCT ON (unit) unit, coalesce(leaf->>'lot', ''), station.station, $2::bigint + place - 1
FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS came(leaf, place)
CROSS JOIN jsonb_array_elements_text(leaf->'units') AS unit
JOIN station ON station.state <> 'retired' AND station.origin = coalesce(leaf->>'to', leaf->>'station')
WHERE leaf->>'kind' IN ('units.granted', 'units.moved')
ORDER BY unit, place DESC
ON CONFLICT (unit) DO UPDATE SET station = excluded.station, granted = excluded.granted,
  lot = CASE WHEN excluded.lot = '' THEN unit.lot ELSE excluded.lot END;
