-- SPDX-License-Identifier: Apache-2.0
-- A node of the tree over a station's records.
-- $1: the station; $2: its level; $3: its number on that level

SELECT hash FROM mirror_node WHERE station = $1 AND level = $2 AND number = $3;
