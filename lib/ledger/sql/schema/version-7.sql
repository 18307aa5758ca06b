-- SPDX-License-Identifier: Apache-2.0
-- What version 7 adds: the station's part in a clinic.

-- What the station is in its clinic: of the newest clinic.joined. One row, or none.
CREATE TABLE clinic_member(
  only INTEGER PRIMARY KEY CHECK (only = 1),
  station TEXT NOT NULL,
  name TEXT NOT NULL,
  registry TEXT NOT NULL,
  mirror TEXT,
  seq INTEGER NOT NULL
);

-- The leaves of the registry's log that are on record, and those that were refused.
CREATE TABLE clinic_leaf(
  number INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  taken INTEGER NOT NULL,
  seq INTEGER NOT NULL
);

-- The stations of the clinic, as the registry enrolled them. quarantined: the number of the leaf that says so.
CREATE TABLE clinic_station(
  station TEXT PRIMARY KEY,
  name TEXT,
  key TEXT,
  quarantined INTEGER,
  seq INTEGER NOT NULL
) WITHOUT ROWID;

-- The starts of this station that the registry confirmed. boot: 32 hexadecimal digits.
CREATE TABLE confirmed_boot(
  boot TEXT PRIMARY KEY,
  number INTEGER NOT NULL,
  seq INTEGER NOT NULL
) WITHOUT ROWID;

-- The cartridges that the station holds and may claim, by the leaf that grants them. One of a lot without serials also
-- has its name without the number, and the number; a range of a grant has a row for each.
CREATE TABLE held(
  unit TEXT PRIMARY KEY,
  lot TEXT,
  lot_unit TEXT,
  number INTEGER,
  granted INTEGER NOT NULL,
  seq INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX held_number ON held(lot_unit, number) WHERE number IS NOT NULL;

-- Cartridges that the station gave away by a note, and how many times the registry has yet to say so: until then, a leaf
-- that gives them to the station tells of the time before.
CREATE TABLE given_away(
  unit TEXT PRIMARY KEY,
  times INTEGER NOT NULL
) WITHOUT ROWID;

-- The notes by which the station got cartridges.
CREATE TABLE clinic_note(
  giver TEXT NOT NULL,
  number INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (giver, number)
) WITHOUT ROWID;

-- The records of other stations that are on record here.
CREATE TABLE shared_record(
  station TEXT NOT NULL,
  number INTEGER NOT NULL,
  leaf INTEGER,
  seq INTEGER NOT NULL,
  PRIMARY KEY (station, number)
) WITHOUT ROWID;

CREATE INDEX shared_record_leaf ON shared_record(leaf) WHERE leaf IS NOT NULL;

-- What bars lots of cartridges and of pigment, until a release lifts it. Stations of a clinic set and lift bars at the
-- same time, and a release lifts only those that its station knew. station and number: of a bar that another one set.
CREATE TABLE bar(
  seq INTEGER PRIMARY KEY,
  pigment INTEGER NOT NULL,
  lot TEXT NOT NULL,
  gtin TEXT,
  brand TEXT,
  colour TEXT,
  status TEXT NOT NULL,
  station TEXT,
  number INTEGER
);

CREATE INDEX bar_lot ON bar(lot, pigment);

INSERT INTO bar(seq, pigment, lot, gtin, brand, colour, status)
SELECT bars.seq, bars.kind = 'pigment.status', json_extract(CAST(bars.leaf AS TEXT), '$.body.lot') AS name,
  json_extract(CAST(bars.leaf AS TEXT), '$.body.gtin') AS product,
  json_extract(CAST(bars.leaf AS TEXT), '$.body.brand') AS maker,
  json_extract(CAST(bars.leaf AS TEXT), '$.body.colour') AS shade,
  json_extract(CAST(bars.leaf AS TEXT), '$.body.status')
FROM record AS bars
WHERE bars.kind IN ('lot.status', 'pigment.status')
  AND json_extract(CAST(bars.leaf AS TEXT), '$.body.status') <> 'released'
  AND NOT EXISTS (
    SELECT 1
    FROM record AS lifting
    WHERE lifting.kind = bars.kind
      AND lifting.seq > bars.seq
      AND json_extract(CAST(lifting.leaf AS TEXT), '$.body.status') = 'released'
      AND json_extract(CAST(lifting.leaf AS TEXT), '$.body.lot') = name
      AND (product IS NULL
        OR coalesce(json_extract(CAST(lifting.leaf AS TEXT), '$.body.gtin'), product) = product)
      AND (maker IS NULL
        OR coalesce(json_extract(CAST(lifting.leaf AS TEXT), '$.body.brand'), maker) = maker)
      AND (shade IS NULL
        OR coalesce(json_extract(CAST(lifting.leaf AS TEXT), '$.body.colour'), shade) = shade));
