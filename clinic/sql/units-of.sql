-- SPDX-License-Identifier: Apache-2.0
-- Who has these units, and what became of them.
-- $1: the units, an array of JSON

SELECT unit, station.name, station.station, granted, to_char(claimed AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'),
  written_off IS NOT NULL
FROM unit
JOIN station USING (station)
WHERE unit IN (SELECT value FROM jsonb_array_elements_text($1::jsonb))
ORDER BY unit;
