-- SPDX-License-Identifier: Apache-2.0
-- Records that are leaves already: when their logs are mirrored again, they are not shared again.
-- $1: the leaves that are brought back, an array of JSON; $2: the number of the first

INSERT INTO shared(station, seq, leaf)
SELECT station.station, (leaf->>'seq')::bigint - 1, $2::bigint + place - 1
FROM jsonb_array_elements($1::jsonb) WITH ORDINALITY AS came(leaf, place)
JOIN station ON station.state <> 'retired' AND station.origin = leaf->>'station'
WHERE leaf->>'kind' = 'record.shared'
ON CONFLICT DO NOTHING;
