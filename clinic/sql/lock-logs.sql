-- SPDX-License-Identifier: Apache-2.0
-- How far the logs of some stations are known, with the checkpoint that was taken at a size that each shows; nobody else appends
-- to them until the transaction ends.
-- $1: the stations' names; $2: the size that each shows

SELECT mirror.station, mirror.pending_size, shown.size, (
    SELECT note FROM checkpoint WHERE checkpoint.station = mirror.station AND checkpoint.size = shown.size)
FROM unnest($1::text[], $2::bigint[]) AS shown(name, size)
JOIN station ON station.name = shown.name AND station.state <> 'retired'
JOIN mirror USING (station)
ORDER BY mirror.station
FOR UPDATE OF mirror;
