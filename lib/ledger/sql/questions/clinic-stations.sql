-- SPDX-License-Identifier: Apache-2.0
-- The stations of the clinic, as its registry enrolled them.
-- For the station alone.

SELECT name, station, quarantined
FROM clinic_station
WHERE name IS NOT NULL
ORDER BY name, station;
