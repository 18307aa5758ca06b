-- SPDX-License-Identifier: Apache-2.0
-- No certificate of a station counts any more.
-- $1: the station

UPDATE certificate SET revoked = now() WHERE station = $1 AND revoked IS NULL;
