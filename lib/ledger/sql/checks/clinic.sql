-- SPDX-License-Identifier: Apache-2.0
-- In a clinic with a registry: cartridges that were claimed without a grant while the station belonged to it, and records
-- of other stations that contradict those here, which somebody must look at.

SELECT 'needle-grant' AS rule, 'cartridge ' || unit AS subject, 'the grant of the clinic''s registry' AS missing,
  date(unit.utc_us / 1000000, 'unixepoch') AS since
FROM unit
CROSS JOIN record USING(seq)
WHERE seq > (SELECT min(seq) FROM record WHERE kind = 'clinic.joined')
  AND kind = 'needle.claimed'
  AND json_extract(CAST(leaf AS TEXT), '$.body.grant') IS NULL
  AND (SELECT kind
       FROM record AS said
       WHERE said.kind IN ('clinic.joined', 'clinic.left') AND said.seq < unit.seq
       ORDER BY said.seq DESC
       LIMIT 1) = 'clinic.joined'
UNION ALL
SELECT 'clinic-refused',
  coalesce(
    'record ' || json_extract(CAST(leaf AS TEXT), '$.body.from'),
    'leaf ' || json_extract(CAST(leaf AS TEXT), '$.body.number')),
  json_extract(CAST(leaf AS TEXT), '$.body.text'), date(utc_us / 1000000, 'unixepoch')
FROM record
WHERE kind = 'clinic.refused';
