-- SPDX-License-Identifier: Apache-2.0
-- A station, and how far its log is mirrored; nobody else appends to it until the transaction ends.
-- $1: the name of the station

SELECT station, origin, log_key, state, next_entry, pending_size, mirror_size
FROM station
JOIN mirror USING (station)
WHERE name = $1 AND state <> 'retired'
FOR UPDATE OF mirror;
