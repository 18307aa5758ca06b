-- SPDX-License-Identifier: Apache-2.0
-- Records were appended.
-- $1: the station; $2: the first entry that is now missing

UPDATE mirror SET next_entry = $2 WHERE station = $1;
