-- SPDX-License-Identifier: Apache-2.0
-- A certificate was issued. Those of the station that have ended are forgotten: TLS refuses them.
-- $1: its serial number; $2: the station; $3: its end, in seconds since 1970

WITH ended AS (DELETE FROM certificate WHERE station = $2 AND ends < now() - interval '1 day')
INSERT INTO certificate(serial, station, ends) VALUES ($1, $2, to_timestamp($3));
