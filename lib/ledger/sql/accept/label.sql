-- SPDX-License-Identifier: Apache-2.0
-- Queries that run before labels of cartridges or packs are accepted, and before a labelled cartridge is.

-- statement labels_of_lot
-- How many cartridges the lot had, have labels, and were used without one; and whether the maker gave them serials.
SELECT quantity, labelled, bare, serialised OR (labelled = 0 AND seen)
FROM (SELECT quantity, serialised,
        (SELECT coalesce(sum(count), 0)
         FROM lot_label
         WHERE lot_label.lot = lot.lot AND lot_label.gtin = lot.gtin)
          AS labelled,
        (SELECT count(*)
         FROM unit
         WHERE unit.lot = lot.lot AND (lot.gtin = '' OR unit.gtin IN (lot.gtin, '')) AND twin IS NULL)
          AS bare,
        EXISTS (
          SELECT 1
          FROM unit
          WHERE unit.lot = lot.lot AND (lot.gtin = '' OR unit.gtin IN (lot.gtin, '')) AND twin IS NOT NULL)
          AS seen
      FROM lot
      WHERE lot = @lot AND (@gtin IS NULL OR gtin IN (@gtin, ''))
      ORDER BY gtin DESC
      LIMIT 1);

-- statement label_spent
-- A cartridge among those labels that was used already, or written off.
SELECT unit.unit, unit.utc_us
FROM lot_label
JOIN unit ON unit.lot = lot_label.lot AND substr(unit.unit, -12, 6) = run
WHERE lot_label.lot = @lot
  AND lot_label.gtin = (SELECT max(gtin) FROM lot WHERE lot = @lot AND (@gtin IS NULL OR gtin IN (@gtin, '')))
  AND twin IS NOT NULL
  AND CAST(substr(unit.unit, -6) AS INTEGER) BETWEEN @first AND @first + @count - 1
ORDER BY unit.seq
LIMIT 1;

-- statement label_given
-- Whether the clinic gave serials to the lot, and whether @unit is one of these cartridges.
SELECT EXISTS (
    SELECT 1
    FROM lot_label
    WHERE lot_label.lot = lot.lot
      AND lot_label.gtin = lot.gtin
      AND CAST(substr(@unit, -6) AS INTEGER) BETWEEN first AND first + count - 1
      AND @unit = CASE
        WHEN gtin = '' THEN '(10)' || lot || '#'
        WHEN gtin LIKE 'hibc:%' THEN gtin || '(21)'
        ELSE '(01)' || gtin || '(21)'
        END || run || printf('%06d', CAST(substr(@unit, -6) AS INTEGER)))
FROM lot
WHERE lot = @lot
  AND gtin = (SELECT max(gtin) FROM lot WHERE lot = @lot AND (@gtin IS NULL OR gtin IN (@gtin, '')))
  AND NOT serialised
  AND EXISTS (SELECT 1 FROM lot_label WHERE lot_label.lot = lot.lot AND lot_label.gtin = lot.gtin);

-- statement load_meant
-- The load whose packs get labels: when it was released or rejected, and what was in it.
SELECT seq, released_seq, rejected_seq,
  (SELECT json_group_array(item) FROM cycle_item WHERE cycle_seq = cycle.seq)
FROM cycle
WHERE sterilizer = @sterilizer AND cycle = @cycle AND (@series IS NULL OR series = @series)
ORDER BY series DESC
LIMIT 1;

-- statement packs_meant
-- Each item that is to get a label: its name in the load, its newest load, what bars it, until when it is sterile,
-- and when a label was printed before.
SELECT value, item, handpiece_sterile.cycle_seq IS meant.seq, blocked, used_seq, sterile_until,
  (SELECT max(utc_us)
   FROM pack_label
   JOIN record ON record.seq = pack_label.seq
   WHERE pack_label.cycle_seq = meant.seq AND pack_label.item = value)
FROM (SELECT seq
      FROM cycle
      WHERE sterilizer = @sterilizer AND cycle = @cycle AND (@series IS NULL OR series = @series)
      ORDER BY series DESC
      LIMIT 1)
  AS meant
JOIN json_each(@items)
LEFT JOIN cycle_item ON cycle_item.cycle_seq = meant.seq AND item = value
LEFT JOIN handpiece_sterile ON handpiece = value;
