-- SPDX-License-Identifier: Apache-2.0
-- A checkpoint that follows from the one before becomes the pending one.
-- $1: the station; $2: its size; $3: the signed note

WITH taken AS (
  INSERT INTO checkpoint(station, size, note) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING)
UPDATE mirror SET pending_size = $2 WHERE station = $1;
