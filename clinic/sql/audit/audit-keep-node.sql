-- SPDX-License-Identifier: Apache-2.0
-- Keeps a node. Another proof may have kept it meanwhile: it never changes.
-- $1: the station; $2: its level; $3: its number on that level; $4: its hash

INSERT INTO mirror_node(station, level, number, hash) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING;
