-- SPDX-License-Identifier: Apache-2.0
-- What version 6 changes: the treatment as it is on the scalp, over all sessions of a client.

-- What a cycle of a program must reach. Each record stays, because an earlier cycle is judged by the figures of its
-- time.
CREATE TABLE program(
  seq INTEGER PRIMARY KEY,
  sterilizer TEXT NOT NULL,
  program TEXT NOT NULL,
  temperature_c REAL NOT NULL,
  exposure_s REAL NOT NULL,
  pressure_kpa REAL
);

CREATE INDEX program_of ON program(sterilizer, program COLLATE NOCASE);

-- What makes a steriliser need biological tests, or bars its loads: its installation, and work on it (event:
-- installation, repair, relocation, retired, returned, power-cut). Failed tests and weeks without use stand in other
-- tables.
CREATE TABLE sterilizer_event(
  seq INTEGER PRIMARY KEY,
  sterilizer TEXT NOT NULL,
  event TEXT NOT NULL,
  from_us INTEGER NOT NULL
);

INSERT INTO sterilizer_event(seq, sterilizer, event, from_us)
SELECT seq, sterilizer, 'installation', CAST(strftime('%s', installed) AS INTEGER) * 1000000
FROM sterilizer
UNION ALL
SELECT seq, json_extract(CAST(leaf AS TEXT), '$.body.sterilizer'),
  replace(json_extract(CAST(leaf AS TEXT), '$.body.work'), 'major-', ''),
  CAST(strftime('%s', json_extract(CAST(leaf AS TEXT), '$.body.done')) AS INTEGER) * 1000000
FROM record
WHERE kind = 'sterilizer.serviced'
  AND json_extract(CAST(leaf AS TEXT), '$.body.work') IN ('major-repair', 'relocation', 'retired', 'returned');

-- Tests of the machine itself: steam penetration (bowie-dick, helix) and vacuum (leak).
ALTER TABLE sterilizer ADD COLUMN class TEXT;

CREATE TABLE equipment_test(
  seq INTEGER PRIMARY KEY,
  sterilizer TEXT NOT NULL,
  test TEXT NOT NULL,
  tested_us INTEGER NOT NULL,
  result TEXT NOT NULL,
  minutes REAL,
  rate_kpa_min REAL,
  cycle INTEGER,
  operator TEXT NOT NULL
);

CREATE INDEX equipment_test_of ON equipment_test(sterilizer, test, tested_us);

-- The dots of each zone in each session. chunk_dots: of the stroke chunks; told_dots: of the newest statistics. Both lag
-- behind for some seconds, and neither counts a dot that there is not, so the larger one holds. worked_us: the newest
-- chunk.
DROP VIEW audit_zones;

CREATE TABLE zone_dots(
  session INTEGER NOT NULL,
  zone TEXT NOT NULL,
  chunk_dots INTEGER NOT NULL,
  told_dots INTEGER NOT NULL,
  worked_us INTEGER NOT NULL,
  PRIMARY KEY (session, zone)
) WITHOUT ROWID;

INSERT INTO zone_dots(session, zone, chunk_dots, told_dots, worked_us)
SELECT session, json_extract(CAST(leaf AS TEXT), '$.body.zone') AS zone,
  sum(iif(kind = 'strokes', json_extract(CAST(leaf AS TEXT), '$.body.dots'), 0)), 0,
  coalesce(max(iif(kind = 'strokes', utc_us, NULL)), min(utc_us))
FROM record
WHERE kind IN ('strokes', 'zone.statistics') AND session IS NOT NULL
GROUP BY session, zone
HAVING zone IS NOT NULL;

UPDATE zone_dots
SET told_dots = result.dots
FROM zone_result AS result
WHERE result.session = zone_dots.session AND result.zone = zone_dots.zone;

-- What a zone had before the session, and what is over its target since.
ALTER TABLE zone_result ADD COLUMN density_before REAL;
ALTER TABLE zone_result ADD COLUMN dots_over INTEGER;

-- The measured area of a client's zone.
CREATE TABLE zone_area(
  subject TEXT NOT NULL COLLATE NOCASE,
  zone TEXT NOT NULL,
  area_mm2 INTEGER NOT NULL,
  utc_us INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (subject, zone)
) WITHOUT ROWID;

-- The curve of a cycle, by which copies are found, and the files from which cycles were read.
ALTER TABLE cycle ADD COLUMN curve_sha256 TEXT;
CREATE INDEX cycle_curve ON cycle(curve_sha256) WHERE curve_sha256 IS NOT NULL;

CREATE TABLE cycle_file(
  sha256 TEXT PRIMARY KEY,
  file TEXT NOT NULL,
  format TEXT NOT NULL,
  bytes INTEGER NOT NULL,
  seq INTEGER NOT NULL
) WITHOUT ROWID;

-- Reports of incidents to an authority: to whom and until when; due_us is the moment after which it is late.
ALTER TABLE incident ADD COLUMN report_to TEXT;
ALTER TABLE incident ADD COLUMN due TEXT;
ALTER TABLE incident ADD COLUMN due_us INTEGER;
ALTER TABLE incident ADD COLUMN sent_us INTEGER;
ALTER TABLE incident ADD COLUMN notified_seq INTEGER;

CREATE INDEX incident_due ON incident(due_us) WHERE due_us IS NOT NULL AND notified_seq IS NULL;

-- What the label of a lot of pigment lacks or has, its opened bottles, safety data sheets, and official recalls.
ALTER TABLE pigment_stock ADD COLUMN ingredients TEXT;
ALTER TABLE pigment_stock ADD COLUMN label TEXT;
ALTER TABLE pigment_stock ADD COLUMN label_seq INTEGER;

CREATE TABLE pigment_opening(
  seq INTEGER PRIMARY KEY,
  brand TEXT NOT NULL,
  colour TEXT NOT NULL,
  lot TEXT NOT NULL,
  opened TEXT NOT NULL,
  days INTEGER NOT NULL,
  use_by TEXT NOT NULL
);

CREATE INDEX pigment_opening_of ON pigment_opening(lot, brand, colour);

CREATE TABLE pigment_sheet(
  seq INTEGER PRIMARY KEY,
  brand TEXT NOT NULL,
  colour TEXT,
  file TEXT NOT NULL,
  sha256 TEXT NOT NULL
);

CREATE TABLE recall_list(
  sha256 TEXT PRIMARY KEY,
  authority TEXT NOT NULL,
  issued TEXT NOT NULL,
  reference TEXT NOT NULL,
  entries INTEGER NOT NULL,
  seq INTEGER NOT NULL
) WITHOUT ROWID;

-- Containers of sharps. used_us: the first needle in it; without opened_us it was in use before its opening, or without.
CREATE TABLE sharps_container(
  container TEXT PRIMARY KEY COLLATE NOCASE,
  used_us INTEGER,
  opened_us INTEGER,
  filled_us INTEGER,
  collected_us INTEGER,
  company TEXT,
  seq INTEGER NOT NULL
);

INSERT OR IGNORE INTO sharps_container(container, used_us, seq)
SELECT json_extract(CAST(leaf AS TEXT), '$.body.container'), utc_us, seq
FROM record
WHERE kind IN ('needle.disposed', 'needle.damaged')
  AND json_extract(CAST(leaf AS TEXT), '$.body.container') IS NOT NULL
ORDER BY seq;

-- A client may have courses beside each other, one for each protocol.
CREATE TABLE course_6(
  subject TEXT NOT NULL,
  protocol TEXT NOT NULL,
  sessions INTEGER NOT NULL,
  interval_days INTEGER NOT NULL,
  utc_us INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (subject, protocol)
) WITHOUT ROWID;

INSERT INTO course_6(subject, protocol, sessions, interval_days, utc_us, seq)
SELECT subject, protocol, sessions, interval_days, utc_us, seq
FROM course;

DROP TABLE course;

ALTER TABLE course_6 RENAME TO course;

CREATE INDEX course_name ON course(subject COLLATE NOCASE);

-- The records that make up a client's card: what they say stays with them. The card's facts leave the tables.
DROP VIEW audit_subjects;

ALTER TABLE subject DROP COLUMN phototype;
ALTER TABLE subject DROP COLUMN born;

CREATE TABLE card(
  seq INTEGER PRIMARY KEY,
  subject TEXT NOT NULL
);

CREATE INDEX card_subject ON card(subject COLLATE NOCASE, seq);

INSERT INTO card(seq, subject)
SELECT seq, json_extract(CAST(leaf AS TEXT), '$.body.subject')
FROM record
WHERE kind = 'subject.registered';

-- What a client was treated with, as somebody noted it.
CREATE TABLE recipe(
  seq INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  session INTEGER,
  zone TEXT,
  pigment TEXT,
  needle TEXT,
  rate_hz INTEGER,
  depth_um INTEGER,
  dwell_ms INTEGER,
  operator TEXT NOT NULL,
  utc_us INTEGER NOT NULL
);

CREATE INDEX recipe_subject ON recipe(subject COLLATE NOCASE, seq);

-- Who took a session over from whom, before the first stroke of the second one.
CREATE TABLE handover(
  seq INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  giver TEXT NOT NULL,
  taker TEXT NOT NULL,
  zone TEXT,
  unit TEXT,
  utc_us INTEGER NOT NULL
);

CREATE INDEX handover_session ON handover(session, seq);

-- Who worked in which zone, with which cartridge. handover: after which one; 0: before the first one.
CREATE TABLE stint(
  session INTEGER NOT NULL,
  handover INTEGER NOT NULL,
  zone TEXT NOT NULL,
  unit TEXT NOT NULL,
  operator TEXT NOT NULL,
  strokes INTEGER NOT NULL,
  dots INTEGER NOT NULL,
  first_us INTEGER NOT NULL,
  last_us INTEGER NOT NULL,
  PRIMARY KEY (session, handover, zone, unit, operator)
) WITHOUT ROWID;

CREATE INDEX stint_unit ON stint(unit);

INSERT INTO stint(session, handover, zone, unit, operator, strokes, dots, first_us, last_us)
SELECT session, 0, json_extract(CAST(leaf AS TEXT), '$.body.zone'), json_extract(CAST(leaf AS TEXT), '$.body.unit'),
  json_extract(CAST(leaf AS TEXT), '$.actor'), sum(json_extract(CAST(leaf AS TEXT), '$.body.strokes')),
  sum(json_extract(CAST(leaf AS TEXT), '$.body.dots')), min(utc_us), max(utc_us)
FROM record
WHERE kind = 'strokes'
GROUP BY 1, 3, 4, 5;

-- Labels that the clinic prints. Of a lot: the cartridges from `first` on got serials, each the run's letters and six
-- digits. Of a pack: what it holds, and of which cycle.
CREATE TABLE lot_label(
  run TEXT PRIMARY KEY,
  gtin TEXT NOT NULL,
  lot TEXT NOT NULL,
  first INTEGER NOT NULL,
  count INTEGER NOT NULL,
  utc_us INTEGER NOT NULL,
  operator TEXT NOT NULL,
  seq INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX lot_label_of ON lot_label(lot, gtin);

CREATE TABLE lot_reprint(
  seq INTEGER PRIMARY KEY,
  gtin TEXT NOT NULL,
  lot TEXT NOT NULL,
  first INTEGER NOT NULL,
  count INTEGER NOT NULL
);

CREATE INDEX lot_reprint_of ON lot_reprint(lot, gtin);

CREATE TABLE pack_label(
  cycle_seq INTEGER NOT NULL,
  item TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (cycle_seq, item, seq)
) WITHOUT ROWID;
