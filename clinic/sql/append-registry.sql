-- SPDX-License-Identifier: Apache-2.0
-- Leaves of the registry's log with the nodes that they complete, and the new head.
-- $1: the size before; $2: the leaves in their order; $3, $4, $5: level, number and hash of each new node; $6: the size; $7: the
-- edge; $8: the signed checkpoint

WITH leaf AS (
  INSERT INTO registry_leaf(seq, leaf)
  SELECT $1::bigint + ordinality - 1, leaf FROM unnest($2::bytea[]) WITH ORDINALITY AS added(leaf)),
node AS (
  INSERT INTO registry_node(level, number, hash) SELECT * FROM unnest($3::smallint[], $4::bigint[], $5::bytea[]))
UPDATE registry SET size = $6, edge = $7, note = $8;
