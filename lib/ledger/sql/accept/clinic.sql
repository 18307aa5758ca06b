-- SPDX-License-Identifier: Apache-2.0
-- Queries that run before a record about the clinic, a claim under its rules, or a record of another station is
-- accepted. @boot_id is the present start of the machine.

-- statement clinic_standing
-- The name of the station's log as the registry knows it, whether the station is quarantined, and whether the registry
-- confirmed this start. No row: it belongs to no clinic.
SELECT clinic_member.station, quarantined IS NOT NULL,
  EXISTS (SELECT 1 FROM confirmed_boot WHERE boot = replace(@boot_id, '-', ''))
FROM clinic_member
LEFT JOIN clinic_station USING(station);

-- statement held_unit
-- A cartridge that the station holds, and the leaf that grants it.
SELECT unit, granted
FROM held
WHERE unit = @unit;

-- statement held_number
-- The lowest number that the station holds of a lot without serials, whether its code names the product, or the lot
-- alone.
SELECT unit, granted
FROM (
  SELECT unit, granted, 1 AS place
  FROM (
    SELECT unit, granted
    FROM held
    WHERE lot_unit = @unit AND number IS NOT NULL
    ORDER BY number
    LIMIT 1)
  UNION ALL
  SELECT unit, granted, 2
  FROM (
    SELECT unit, granted
    FROM held
    WHERE lot_unit = '(10)' || @lot AND number IS NOT NULL
    ORDER BY number
    LIMIT 1))
ORDER BY place
LIMIT 1;

-- statement next_number
-- The number after the highest that a cartridge of a lot without serials has here, if @unit was used already.
SELECT 1 + max(CAST(substr(unit, length(rtrim(@unit, '0123456789')) + 1) AS INTEGER))
FROM unit
WHERE unit >= rtrim(@unit, '0123456789')
  AND unit < rtrim(@unit, '0123456789') || ':'
  AND EXISTS (SELECT 1 FROM unit AS used WHERE used.unit = @unit);

-- statement leaf_on_record
SELECT seq
FROM clinic_leaf
WHERE number = @number;

-- statement note_on_record
SELECT seq
FROM clinic_note
WHERE giver = @giver AND number = @number;

-- statement shared_on_record
-- The record here of one that another station entered.
SELECT seq
FROM shared_record
WHERE station = substr(@from, 1, instr(@from, ' ') - 1)
  AND number = CAST(substr(@from, instr(@from, ' ') + 1) AS INTEGER);

-- statement followed_test
-- The record here of the biological test that a station followed up.
SELECT seq
FROM shared_record
WHERE station = substr(@from, 1, instr(@from, ' ') - 1) AND number = @test;

-- statement lost_since
-- The number of the record from which on this log was lost when a backup took its place, 0 never.
SELECT coalesce(max(seq), 0)
FROM record
WHERE kind = 'ledger.restored';

-- statement lot_barred_unseen
-- What bars a lot that is not on record here.
SELECT max(status)
FROM bar
WHERE NOT pigment AND lot = @lot AND (@gtin IS NULL OR gtin IS NULL OR gtin = @gtin) AND station IS NOT NULL
HAVING count(*) > 0 AND NOT EXISTS (SELECT 1 FROM lot WHERE lot.lot = @lot AND gtin = coalesce(@gtin, ''));

-- statement lot_bars
-- What bars the lot, as other stations of the clinic know it. No row: the station belongs to no clinic.
SELECT
  (SELECT json_group_array(coalesce(bar.station, clinic_member.station) || ' ' || coalesce(number, bar.seq))
   FROM bar
   WHERE NOT pigment AND lot = @lot AND (@gtin IS NULL OR gtin IS NULL OR gtin = @gtin))
FROM clinic_member;

-- statement pigment_bars
-- The same of pigment.
SELECT
  (SELECT json_group_array(coalesce(bar.station, clinic_member.station) || ' ' || coalesce(number, bar.seq))
   FROM bar
   WHERE pigment
     AND lot = @lot
     AND (@brand IS NULL OR brand IS NULL OR brand = @brand)
     AND (@colour IS NULL OR colour IS NULL OR colour = @colour))
FROM clinic_member;
