-- SPDX-License-Identifier: Apache-2.0
-- Records say that their station claimed cartridges: those that it holds, or nobody has, are used. What another has stays as it is,
-- or one station could use up the stock of all. Gives the claims that contradict what is known: what is wrong, the unit, the
-- record, and who has the unit.
-- $1: the station; $2: units; $3: their lots; $4: entries of the station's log; $5: times; $6: the lot of a unit that is a number of
-- one, as (10)L1, else null; $7: that number

WITH asked AS (
  SELECT *, row_number() OVER (PARTITION BY unit ORDER BY seq) AS times
  FROM unnest($2::text[], $3::text[], $4::bigint[], $5::timestamptz[], $6::text[], $7::bigint[])
    AS asked(unit, lot, seq, at, base, number)),
known AS (
  SELECT asked.*, coalesce(unit.station, held.station, $1::integer) AS holder, claimed, claim_seq, held.granted AS range_granted,
    coalesce(unit.written_off, held.written_off) AS off
  FROM asked
  LEFT JOIN unit ON unit.unit = asked.unit
  LEFT JOIN unit_range AS held ON unit.unit IS NULL AND held.unit = base AND number BETWEEN held.first AND held.last),
used AS (
  INSERT INTO unit(unit, lot, station, granted, claimed, claim_seq, written_off)
  SELECT unit, lot, holder, range_granted, at, seq, off FROM known WHERE times = 1 AND holder = $1::integer
  ON CONFLICT (unit) DO UPDATE SET claimed = coalesce(unit.claimed, excluded.claimed),
    claim_seq = coalesce(unit.claim_seq, excluded.claim_seq)
  WHERE unit.station = excluded.station),
passed AS (
  UPDATE lot SET next = past.number + 1
  FROM (SELECT lot, max(number) AS number FROM asked WHERE base IS NOT NULL GROUP BY lot) AS past
  WHERE lot.lot = past.lot AND past.number BETWEEN lot.next AND lot.quantity),
wrong AS (
  SELECT CASE
      WHEN holder <> $1::integer AND claimed IS NOT NULL THEN 'claimed-by-another'
      WHEN holder <> $1::integer THEN 'held-by-another'
      WHEN times > 1 OR claim_seq <> seq THEN 'claimed-again'
      WHEN off IS NOT NULL THEN 'claimed-written-off'
    END AS kind, unit, seq, holder
  FROM known)
SELECT kind, unit, seq, station.name FROM wrong JOIN station ON station.station = holder WHERE kind IS NOT NULL ORDER BY seq;
