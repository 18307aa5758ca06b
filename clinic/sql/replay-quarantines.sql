-- SPDX-License-Identifier: Apache-2.0
-- Stations that were quarantined after the backup was made, and not enrolled anew since.
-- $1: the leaves that are brought back, an array of JSON

WITH last AS (
  SELECT DISTINCT ON (leaf->>'station') leaf->>'station' AS origin, leaf->>'kind' AS kind
  FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS came(leaf, place)
  WHERE leaf->>'kind' IN ('station.quarantined', 'station.enrolled')
  ORDER BY leaf->>'station', place DESC),
barred AS (
  UPDATE station SET state = 'quarantined' FROM last
  WHERE last.kind = 'station.quarantined' AND station.origin = last.origin AND station.state = 'active'
  RETURNING station),
numbers AS (
  UPDATE unit_range SET written_off = now() WHERE station IN (SELECT station FROM barred) AND written_off IS NULL)
UPDATE unit SET written_off = now()
WHERE station IN (SELECT station FROM barred) AND claimed IS NULL AND written_off IS NULL;
