-- SPDX-License-Identifier: Apache-2.0
-- Units that a station gets, or claims.
-- $1: units; $2: the lot of each; $3: the station that has it; $4: the leaf that grants it; $5: the request that claims it, or null

INSERT INTO unit(unit, lot, station, granted, claimed, claim_request)
SELECT unit, lot, station, granted, CASE WHEN request IS NOT NULL THEN now() END, request
FROM unnest($1::text[], $2::text[], $3::integer[], $4::bigint[], $5::uuid[]) AS got(unit, lot, station, granted, request)
ON CONFLICT (unit) DO UPDATE SET station = excluded.station, granted = excluded.granted,
  claimed = coalesce(unit.claimed, excluded.claimed), claim_request = coalesce(unit.claim_request, excluded.claim_request);
