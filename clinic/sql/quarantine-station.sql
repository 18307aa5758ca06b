-- SPDX-License-Identifier: Apache-2.0
-- A station that is not what it was: it is answered nothing, and what it holds is written off.
-- $1: the station

WITH barred AS (UPDATE station SET state = 'quarantined' WHERE station = $1 AND state = 'active'),
numbers AS (UPDATE unit_range SET written_off = now() WHERE station = $1 AND written_off IS NULL)
UPDATE unit SET written_off = now() WHERE station = $1 AND claimed IS NULL AND written_off IS NULL;
