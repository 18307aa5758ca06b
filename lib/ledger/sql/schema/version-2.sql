-- SPDX-License-Identifier: Apache-2.0
-- What version 2 adds: days, certificates, pigments, handpieces, sterilisation, people, corrections, proofs. The
-- program computes the nodes of the tree (lib/ledger/tree.c).

-- The records of each day, so that a query for a time range need not read all records. Days may overlap where a
-- clock was set back.
CREATE TABLE record_day(
  day INTEGER PRIMARY KEY,
  first_seq INTEGER NOT NULL,
  last_seq INTEGER NOT NULL
);

INSERT INTO record_day(day, first_seq, last_seq)
SELECT utc_us / 86400000000, min(seq), max(seq)
FROM record
GROUP BY 1;

ALTER TABLE operator ADD COLUMN revoked_us INTEGER;
ALTER TABLE operator ADD COLUMN revoked TEXT;

-- Wrong PINs since the last right one, also for badges that nobody has.
CREATE TABLE attempt(
  badge TEXT PRIMARY KEY,
  attempts INTEGER NOT NULL,
  utc_us INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE certification(
  badge TEXT NOT NULL,
  certificate TEXT NOT NULL,
  issuer TEXT NOT NULL,
  number TEXT,
  expiry TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (badge, certificate)
) WITHOUT ROWID;

-- Lets the ledger open without reading all sessions.
CREATE INDEX session_open ON session(session) WHERE outcome = 'open';

ALTER TABLE lot ADD COLUMN configuration TEXT;
ALTER TABLE lot ADD COLUMN supplier TEXT;
ALTER TABLE lot ADD COLUMN purchase TEXT;
ALTER TABLE lot ADD COLUMN certificate_file TEXT;
ALTER TABLE lot ADD COLUMN certificate_sha256 TEXT;
ALTER TABLE lot ADD COLUMN membrane INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lot ADD COLUMN membrane_reference TEXT;
ALTER TABLE lot ADD COLUMN low_stock INTEGER NOT NULL DEFAULT 0;
ALTER TABLE lot ADD COLUMN status TEXT NOT NULL DEFAULT 'released';
ALTER TABLE lot ADD COLUMN status_reason TEXT;
ALTER TABLE lot ADD COLUMN status_us INTEGER;

-- Made again, because a damaged unit may never have been in a session.
ALTER TABLE unit RENAME TO unit_1;

CREATE TABLE unit(
  unit TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  session INTEGER,
  gtin TEXT NOT NULL,
  lot TEXT NOT NULL,
  expiry TEXT,
  chip TEXT UNIQUE,
  operator TEXT NOT NULL,
  utc_us INTEGER NOT NULL,
  strokes INTEGER,
  dots INTEGER,
  worked_s INTEGER,
  removed_us INTEGER,
  state TEXT NOT NULL DEFAULT 'mounted',
  damage TEXT,
  container TEXT,
  ended_us INTEGER,
  ended_by TEXT
);

INSERT INTO unit(
  unit, seq, session, gtin, lot, expiry, chip, operator, utc_us, strokes, dots, removed_us, state)
SELECT unit, seq, session, gtin, lot, expiry, chip, operator, utc_us, strokes, dots, removed_us,
  iif(removed_us IS NULL, 'mounted', 'used')
FROM unit_1;

DROP TABLE unit_1;

CREATE INDEX unit_lot ON unit(lot, seq);
CREATE INDEX unit_session ON unit(session, seq);

CREATE TABLE pigment_stock(
  brand TEXT NOT NULL,
  colour TEXT NOT NULL,
  lot TEXT NOT NULL,
  expiry TEXT NOT NULL,
  quantity INTEGER NOT NULL,
  volume_ml REAL,
  supplier TEXT,
  purpose TEXT,
  status TEXT NOT NULL DEFAULT 'released',
  status_reason TEXT,
  status_us INTEGER,
  received_us INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (brand, colour, lot)
);

CREATE INDEX pigment_stock_lot ON pigment_stock(lot);

CREATE TABLE pigment_blend(
  blend TEXT PRIMARY KEY,
  colour TEXT NOT NULL,
  expiry TEXT NOT NULL,
  operator TEXT NOT NULL,
  utc_us INTEGER NOT NULL,
  seq INTEGER NOT NULL
);

CREATE TABLE pigment_part(
  blend TEXT NOT NULL,
  brand TEXT NOT NULL,
  colour TEXT NOT NULL,
  lot TEXT NOT NULL,
  parts REAL NOT NULL,
  PRIMARY KEY (blend, brand, colour, lot)
) WITHOUT ROWID;

CREATE INDEX pigment_part_lot ON pigment_part(lot);

CREATE TABLE pigment_zone(
  seq INTEGER NOT NULL,
  zone TEXT NOT NULL,
  strokes INTEGER NOT NULL,
  dots INTEGER NOT NULL,
  PRIMARY KEY (seq, zone)
) WITHOUT ROWID;

CREATE INDEX pigment_session ON pigment_use(session, seq);

CREATE TABLE handpiece(
  handpiece TEXT PRIMARY KEY,
  model TEXT NOT NULL,
  registered_us INTEGER NOT NULL,
  state TEXT NOT NULL,
  session INTEGER,
  mounted_us INTEGER,
  mounted_seq INTEGER,
  seq INTEGER NOT NULL
);

-- retest_us: tests before this time no longer count; retest: installation or repair.
CREATE TABLE sterilizer(
  sterilizer TEXT PRIMARY KEY,
  maker TEXT NOT NULL,
  model TEXT NOT NULL,
  serial TEXT NOT NULL,
  installed TEXT NOT NULL,
  in_service INTEGER NOT NULL DEFAULT 1,
  retest_us INTEGER NOT NULL,
  retest TEXT NOT NULL DEFAULT 'installation',
  serviced_us INTEGER,
  seq INTEGER NOT NULL
);

CREATE TABLE cycle(
  seq INTEGER PRIMARY KEY,
  sterilizer TEXT NOT NULL,
  cycle INTEGER NOT NULL,
  load TEXT,
  program TEXT NOT NULL,
  started_us INTEGER NOT NULL,
  temperature_c REAL NOT NULL,
  pressure_kpa REAL,
  exposure_s REAL NOT NULL,
  dry_s REAL,
  mechanical TEXT,
  integrator TEXT,
  chemical TEXT,
  operator TEXT NOT NULL,
  released_seq INTEGER,
  released_us INTEGER,
  released_by TEXT,
  rejected_seq INTEGER,
  UNIQUE (sterilizer, cycle)
);

CREATE INDEX cycle_started ON cycle(sterilizer, started_us);

CREATE TABLE cycle_item(
  cycle_seq INTEGER NOT NULL,
  item TEXT NOT NULL,
  PRIMARY KEY (cycle_seq, item)
) WITHOUT ROWID;

CREATE TABLE indicator_test(
  seq INTEGER PRIMARY KEY,
  sterilizer TEXT NOT NULL,
  cycle INTEGER,
  tested_us INTEGER NOT NULL,
  lot TEXT NOT NULL,
  expiry TEXT NOT NULL,
  control TEXT NOT NULL,
  result TEXT NOT NULL,
  incubation_h REAL NOT NULL,
  laboratory TEXT,
  operator TEXT NOT NULL,
  followed_seq INTEGER
);

CREATE INDEX indicator_tested ON indicator_test(sterilizer, tested_us);

-- What is sterile now. test_seq: the failed test that blocks the item.
CREATE TABLE handpiece_sterile(
  handpiece TEXT PRIMARY KEY,
  cycle_seq INTEGER,
  sterile_until TEXT,
  blocked TEXT,
  used_seq INTEGER,
  test_seq INTEGER
);

CREATE INDEX handpiece_cycle ON handpiece_sterile(cycle_seq);

-- Every use, with the load that the item came from: shows on whom a doubtful load was used.
CREATE TABLE handpiece_use(
  seq INTEGER NOT NULL,
  handpiece TEXT NOT NULL,
  cycle_seq INTEGER NOT NULL,
  PRIMARY KEY (cycle_seq, handpiece, seq)
) WITHOUT ROWID;

CREATE TRIGGER handpiece_used AFTER UPDATE OF used_seq ON handpiece_sterile
WHEN NEW.used_seq IS NOT NULL AND NEW.cycle_seq IS NOT NULL
BEGIN
  INSERT OR IGNORE INTO handpiece_use(seq, handpiece, cycle_seq)
  VALUES (NEW.used_seq, NEW.handpiece, NEW.cycle_seq);
END;

-- Name and contact stay beside the record, as personal data.
CREATE TABLE subject(
  subject TEXT PRIMARY KEY,
  phototype TEXT,
  born INTEGER,
  utc_us INTEGER NOT NULL,
  seq INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE course(
  subject TEXT PRIMARY KEY,
  protocol TEXT NOT NULL,
  sessions INTEGER NOT NULL,
  interval_days INTEGER NOT NULL,
  utc_us INTEGER NOT NULL,
  seq INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE incident(
  seq INTEGER PRIMARY KEY,
  utc_us INTEGER NOT NULL,
  operator TEXT NOT NULL,
  session INTEGER,
  subject TEXT,
  incident TEXT NOT NULL,
  severity TEXT NOT NULL,
  text TEXT NOT NULL,
  device TEXT,
  area TEXT
);

CREATE INDEX incident_subject ON incident(subject, seq) WHERE subject IS NOT NULL;

CREATE TABLE correction(
  seq INTEGER PRIMARY KEY,
  utc_us INTEGER NOT NULL,
  operator TEXT NOT NULL,
  corrects INTEGER NOT NULL,
  field TEXT NOT NULL,
  old TEXT NOT NULL,
  new TEXT NOT NULL,
  why TEXT NOT NULL
);

CREATE INDEX correction_corrects ON correction(corrects, field, seq);

-- Photographs that must be deleted, and those that have been.
ALTER TABLE image ADD COLUMN erase_seq INTEGER;
ALTER TABLE image ADD COLUMN erased_seq INTEGER;

CREATE INDEX image_erase ON image(seq) WHERE erase_seq IS NOT NULL AND erased_seq IS NULL;

-- Complete nodes of the Merkle tree from a certain level up; lower ones are computed from record.hash.
CREATE TABLE tree_node(
  level INTEGER NOT NULL,
  number INTEGER NOT NULL,
  hash BLOB NOT NULL,
  PRIMARY KEY (level, number)
) WITHOUT ROWID;

-- Checkpoints are not records, because each such record would need another checkpoint.
CREATE TABLE checkpoint(
  size INTEGER PRIMARY KEY,
  utc_us INTEGER NOT NULL,
  note TEXT NOT NULL
);

CREATE TRIGGER checkpoint_no_update BEFORE UPDATE ON checkpoint
BEGIN
  SELECT RAISE(ABORT, 'checkpoints are append-only');
END;

CREATE TRIGGER checkpoint_no_delete BEFORE DELETE ON checkpoint
BEGIN
  SELECT RAISE(ABORT, 'checkpoints are append-only');
END;

CREATE TABLE signing_key(
  seq INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  previous TEXT,
  statement TEXT,
  utc_us INTEGER NOT NULL
);
