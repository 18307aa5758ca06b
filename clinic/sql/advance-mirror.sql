-- SPDX-License-Identifier: Apache-2.0
-- All records of a checkpoint are here. It never goes back.
-- $1: the station; $2: the size of the checkpoint

UPDATE mirror SET mirror_size = greatest(mirror_size, $2) WHERE station = $1 AND next_entry >= $2;
