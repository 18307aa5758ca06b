-- SPDX-License-Identifier: Apache-2.0
-- A station and its log, with nothing mirrored yet. Nothing when the name or the origin is taken.
-- $1: its name; $2: the origin of its log; $3: the public key of its log

WITH enrolled AS (
  INSERT INTO station(name, origin, log_key) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING station)
INSERT INTO mirror(station) SELECT station FROM enrolled RETURNING station;
