-- SPDX-License-Identifier: Apache-2.0
-- The checkpoint that was taken at one size.
-- $1: the station; $2: the size

SELECT note FROM checkpoint WHERE station = $1 AND size = $2;
