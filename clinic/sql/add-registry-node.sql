-- SPDX-License-Identifier: Apache-2.0
-- A node of the registry's tree that is complete.
-- $1: its level, 0 for the hash of a leaf; $2: its number on that level; $3: its hash

INSERT INTO registry_node(level, number, hash) VALUES ($1, $2, $3);
