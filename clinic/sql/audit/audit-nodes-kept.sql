-- SPDX-License-Identifier: Apache-2.0
-- How many blocks of 256 records of a station have their node.
-- $1: the station

SELECT coalesce(max(number) + 1, 0) FROM mirror_node WHERE station = $1 AND level = 8;
