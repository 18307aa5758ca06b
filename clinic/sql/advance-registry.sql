-- SPDX-License-Identifier: Apache-2.0
-- The new head of the registry's log.
-- $1: its size; $2: its edge; $3: the signed checkpoint

UPDATE registry SET size = $1, edge = $2, note = $3;
