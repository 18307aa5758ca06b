-- SPDX-License-Identifier: Apache-2.0
-- Stations claim units that they hold. Gives those that now are; no other changes.
-- $1: the units; $2: the name of each station; $3: the number of each request; $4: the newest size of the registry's log that any of
-- the stations has seen

UPDATE unit SET claimed = now(), claim_request = asked.request
FROM unnest($1::text[], $2::text[], $3::uuid[]) WITH ORDINALITY AS asked(unit, name, request, number)
JOIN station ON station.name = asked.name AND station.state = 'active'
WHERE unit.unit = asked.unit AND unit.station = station.station AND granted IS NOT NULL AND claimed IS NULL AND written_off IS NULL
  AND (SELECT size >= greatest(seen, $4::bigint) AND fork IS NULL FROM registry)
RETURNING asked.number, granted, to_char(claimed AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');
