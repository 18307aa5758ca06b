-- SPDX-License-Identifier: Apache-2.0
-- How far a log is mirrored; nobody else appends to it until the transaction ends.
-- $1: the station

SELECT next_entry, pending_size, mirror_size FROM mirror WHERE station = $1 FOR UPDATE;
