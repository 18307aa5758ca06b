-- SPDX-License-Identifier: Apache-2.0
-- A leaf of the registry's log.
-- $1: its number; $2: its bytes

INSERT INTO registry_leaf(seq, leaf) VALUES ($1, $2);
