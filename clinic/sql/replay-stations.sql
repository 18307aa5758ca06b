-- SPDX-License-Identifier: Apache-2.0
-- Stations that were enrolled after the backup was made. The last of a name has it.
-- $1: the leaves that are brought back, an array of JSON

WITH joined AS (
  SELECT DISTINCT ON (leaf->>'name') leaf->>'name' AS name, leaf->>'station' AS origin, leaf->>'key' AS key
  FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS came(leaf, place)
  WHERE leaf->>'kind' = 'station.enrolled'
  ORDER BY leaf->>'name', place DESC),
news AS (SELECT * FROM joined WHERE key NOT IN (SELECT log_key FROM station)),
retired AS (
  UPDATE station SET name = left(station.name, 48) || '~' || station, state = 'retired'
  FROM news WHERE station.state <> 'retired' AND (station.name = news.name OR station.origin = news.origin)
  RETURNING station),
added AS (
  INSERT INTO station(name, origin, log_key)
  SELECT name, origin, key FROM news WHERE (SELECT count(*) FROM retired) >= 0 ON CONFLICT DO NOTHING RETURNING station)
INSERT INTO mirror(station) SELECT station FROM added;
