-- SPDX-License-Identifier: Apache-2.0
-- Who has which numbers of some lots.
-- $1: the lots, as the units (10)L1

SELECT unit, first, last, lot, unit_range.station, station.name, granted, written_off
FROM unit_range
JOIN station USING (station)
WHERE unit = ANY ($1::text[]);
