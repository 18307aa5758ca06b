-- SPDX-License-Identifier: Apache-2.0
-- The cartridges that the station gave away and the registry has not moved yet, and to which station.
-- For the station alone.

SELECT given_away.unit, json_extract(CAST(record.leaf AS TEXT), '$.body.to') AS "to"
FROM record
JOIN json_each(CAST(record.leaf AS TEXT), '$.body.units') AS units
JOIN given_away ON given_away.unit = units.value
WHERE record.kind = 'clinic.released'
  AND given_away.times > 0
  AND record.seq = (
    SELECT max(later.seq)
    FROM record AS later
    JOIN json_each(CAST(later.leaf AS TEXT), '$.body.units') AS again
    WHERE later.kind = 'clinic.released' AND again.value = given_away.unit)
ORDER BY given_away.unit;
