-- SPDX-License-Identifier: Apache-2.0
-- Units that nobody has go to a station. Gives those that did.
-- $1: the units, an array of JSON; $2: their lot; $3: the station; $4: the leaf that grants them

INSERT INTO unit(unit, lot, station, granted)
SELECT value, $2, $3, $4 FROM jsonb_array_elements_text($1::jsonb)
ON CONFLICT (unit) DO NOTHING
RETURNING unit;
