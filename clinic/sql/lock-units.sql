-- SPDX-License-Identifier: Apache-2.0
-- Who has these units, and what became of them; nobody else changes them until the transaction ends.
-- $1: the units

SELECT unit, lot, unit.station, station.name, granted, to_char(claimed AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), claim_request,
  written_off
FROM unit
JOIN station USING (station)
WHERE unit = ANY ($1::text[])
ORDER BY unit
FOR UPDATE OF unit;
