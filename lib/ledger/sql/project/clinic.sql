-- SPDX-License-Identifier: Apache-2.0
-- How the leaves of a clinic's registry, and what the station gives away and gets, change the tables.

-- record clinic.joined
-- Under another log than before, the station holds nothing of what that one held, and the registry has confirmed none of
-- its starts.
DELETE FROM held WHERE @station <> (SELECT station FROM clinic_member);
DELETE FROM given_away WHERE @station <> (SELECT station FROM clinic_member);
DELETE FROM confirmed_boot WHERE @station <> (SELECT station FROM clinic_member);
INSERT INTO clinic_member(only, station, name, registry, mirror, seq)
VALUES (1, @station, @name, @registry, @mirror, @seq)
ON CONFLICT DO UPDATE
SET station = excluded.station, name = excluded.name, registry = excluded.registry, mirror = excluded.mirror,
  seq = excluded.seq;

-- record clinic.left
DELETE FROM held;
DELETE FROM given_away;
DELETE FROM confirmed_boot;
DELETE FROM clinic_member;

-- record ledger.restored
-- The registry confirmed a start of what was here before.
DELETE FROM confirmed_boot;

-- record clinic.refused
INSERT OR IGNORE INTO clinic_leaf(number, kind, taken, seq) VALUES (@number, @kind, 0, @seq);

-- record clinic.leaf
INSERT INTO clinic_leaf(number, kind, taken, seq) VALUES (@number, @kind, 1, @seq);

-- Stations, and this one's starts.
INSERT INTO clinic_station(station, name, key, quarantined, seq)
SELECT json_extract(@leaf, '$.station'), json_extract(@leaf, '$.name'), json_extract(@leaf, '$.key'),
  iif(@kind = 'station.quarantined', @number, NULL), @seq
WHERE @kind IN ('station.enrolled', 'station.quarantined') AND json_extract(@leaf, '$.station') IS NOT NULL
ON CONFLICT DO UPDATE
SET name = coalesce(excluded.name, name), key = coalesce(excluded.key, key), quarantined = excluded.quarantined,
  seq = excluded.seq;
INSERT OR IGNORE INTO confirmed_boot(boot, number, seq)
SELECT replace(json_extract(@leaf, '$.boot'), '-', ''), @number, @seq
FROM clinic_member
WHERE @kind = 'boot.confirmed'
  AND json_extract(@leaf, '$.station') = station
  AND json_extract(@leaf, '$.boot') IS NOT NULL;

-- What a quarantined station held is written off.
DELETE FROM held
WHERE @kind = 'station.quarantined' AND json_extract(@leaf, '$.station') = (SELECT station FROM clinic_member);
DELETE FROM confirmed_boot
WHERE @kind = 'station.quarantined' AND json_extract(@leaf, '$.station') = (SELECT station FROM clinic_member);

-- What goes to another station. What was given away by a note is gone already.
DELETE FROM held
WHERE @kind = 'units.moved'
  AND json_extract(@leaf, '$.station') = (SELECT station FROM clinic_member)
  AND unit IN (SELECT value FROM json_each(@leaf, '$.units'))
  AND unit NOT IN (SELECT unit FROM given_away);
UPDATE given_away
SET times = times - 1
WHERE @kind = 'units.moved'
  AND json_extract(@leaf, '$.station') = (SELECT station FROM clinic_member)
  AND unit IN (SELECT value FROM json_each(@leaf, '$.units'));
DELETE FROM given_away WHERE times = 0;

-- What comes to this one. A figure behind '#' is the number within a lot without serials. A cartridge that was used here,
-- before the station belonged to the clinic, is not held.
INSERT INTO held(unit, lot, lot_unit, number, granted, seq)
SELECT value,
  coalesce(
    json_extract(@leaf, '$.lot'),
    iif(numbered, substr(begins, instr(begins, '(10)') + 4, length(begins) - instr(begins, '(10)') - 4), NULL)),
  iif(numbered, substr(value, 1, length(begins) - 1), NULL),
  iif(numbered, CAST(substr(value, length(begins) + 1) AS INTEGER), NULL), @number, @seq
FROM (
  SELECT CAST(value AS TEXT) AS value, rtrim(value, '0123456789') AS begins,
    value GLOB '*(10)*#[1-9]*' AND value NOT GLOB '*(21)*' AND rtrim(value, '0123456789') GLOB '*[#]' AS numbered
  FROM json_each(@leaf, '$.units'))
WHERE (@kind = 'units.granted' AND json_extract(@leaf, '$.station') = (SELECT station FROM clinic_member)
    OR @kind = 'units.moved' AND json_extract(@leaf, '$.to') = (SELECT station FROM clinic_member))
  AND NOT EXISTS (SELECT 1 FROM unit WHERE unit.unit = value)
  AND NOT EXISTS (
    SELECT 1 FROM given_away WHERE given_away.unit = value AND value NOT IN (SELECT held.unit FROM held))
ON CONFLICT DO UPDATE SET granted = excluded.granted, seq = excluded.seq;
WITH RECURSIVE numbers(unit, number, last) AS (
  SELECT json_extract(@leaf, '$.unit'), json_extract(@leaf, '$.first'), json_extract(@leaf, '$.last')
  FROM clinic_member
  WHERE @kind = 'range.granted'
    AND json_extract(@leaf, '$.station') = station
    AND json_extract(@leaf, '$.first') BETWEEN 1 AND json_extract(@leaf, '$.last')
  UNION ALL
  SELECT unit, number + 1, last FROM numbers WHERE number < last)
INSERT INTO held(unit, lot, lot_unit, number, granted, seq)
SELECT unit || '#' || number, json_extract(@leaf, '$.lot'), unit, number, @number, @seq
FROM numbers
WHERE NOT EXISTS (SELECT 1 FROM unit WHERE unit.unit = numbers.unit || '#' || number)
ON CONFLICT DO UPDATE SET granted = excluded.granted, seq = excluded.seq;

-- record needle.claimed needle.damaged
DELETE FROM held WHERE unit = @unit;

-- record clinic.released
DELETE FROM held WHERE unit IN (SELECT value FROM json_each(@units));
INSERT INTO given_away(unit, times)
SELECT CAST(value AS TEXT), 1 FROM json_each(@units) WHERE 1
ON CONFLICT DO UPDATE SET times = times + 1;

-- record clinic.received
INSERT INTO clinic_note(giver, number, seq) VALUES (@giver, @number, @seq);
INSERT INTO held(unit, lot, lot_unit, number, granted, seq)
SELECT value,
  iif(numbered, substr(begins, instr(begins, '(10)') + 4, length(begins) - instr(begins, '(10)') - 4), NULL),
  iif(numbered, substr(value, 1, length(begins) - 1), NULL),
  iif(numbered, CAST(substr(value, length(begins) + 1) AS INTEGER), NULL), granted, @seq
FROM (
  SELECT CAST(units.value AS TEXT) AS value, rtrim(units.value, '0123456789') AS begins,
    units.value GLOB '*(10)*#[1-9]*' AND units.value NOT GLOB '*(21)*'
      AND rtrim(units.value, '0123456789') GLOB '*[#]'
      AS numbered, grants.value AS granted
  FROM json_each(@units) AS units
  JOIN json_each(@grants) AS grants ON grants.key = units.key)
WHERE NOT EXISTS (SELECT 1 FROM unit WHERE unit.unit = value)
ON CONFLICT DO UPDATE SET granted = excluded.granted, seq = excluded.seq;

-- record lot.received lot.certificate lot.status lot.labelled pigment.received pigment.labelled pigment.sheet pigment.status recall.listed handpiece.registered handpiece.retired sterilizer.registered sterilizer.serviced program.registered cycle.recorded cycle.released cycle.rejected penetration.tested leak.tested indicator.tested indicator.followed-up operator.revoked
-- A record that another station entered is here once.
INSERT INTO shared_record(station, number, leaf, seq)
SELECT substr(@from, 1, instr(@from, ' ') - 1), CAST(substr(@from, instr(@from, ' ') + 1) AS INTEGER), @leaf, @seq
WHERE @from IS NOT NULL;
