-- SPDX-License-Identifier: Apache-2.0
-- A station has seen more of the registry's log than is here.
-- $1: its size

UPDATE registry SET seen = greatest(seen, $1);
