-- SPDX-License-Identifier: Apache-2.0
-- Units that a station holds and did not use go to another. Gives those that did.
-- $1: the units, an array of JSON; $2: the station that gives; $3: the station that gets; $4: the leaf that says so

UPDATE unit SET station = $3, granted = $4
WHERE unit IN (SELECT value FROM jsonb_array_elements_text($1::jsonb))
  AND station = $2 AND claimed IS NULL AND written_off IS NULL
RETURNING unit;
