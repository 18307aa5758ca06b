-- SPDX-License-Identifier: Apache-2.0
-- Numbers of lots that stations get, and which number of each lot is the next.
-- $1: units as (10)L1; $2: their lots; $3, $4: the first and last number; $5: the station; $6: the leaf that grants them; $7: the
-- GTIN of each lot, or ''

WITH given AS (
  SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::integer[], $6::bigint[], $7::text[])
    AS given(unit, lot, first, last, station, granted, gtin)),
advanced AS (
  UPDATE lot SET next = past.next FROM (SELECT lot, gtin, max(last) + 1 AS next FROM given GROUP BY lot, gtin) AS past
  WHERE lot.lot = past.lot AND lot.gtin = past.gtin)
INSERT INTO unit_range(unit, first, last, lot, station, granted) SELECT unit, first, last, lot, station, granted FROM given;
