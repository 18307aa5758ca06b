-- SPDX-License-Identifier: Apache-2.0
-- The bytes of some records, in their order.
-- $1: the station; $2: the first entry; $3: the entry after the last

SELECT leaf FROM record WHERE station = $1 AND seq >= $2 AND seq < $3 ORDER BY seq;
