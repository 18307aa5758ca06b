-- SPDX-License-Identifier: Apache-2.0
-- A station that was replaced gives its name free, and keeps its records under another one.
-- $1: the station

UPDATE station SET name = left(name, 48) || '~' || station, state = 'retired' WHERE station = $1 AND state <> 'active' RETURNING name;
