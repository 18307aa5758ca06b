-- SPDX-License-Identifier: Apache-2.0
-- The tables of schema version 1.

-- session: from the body, so that the records of one session are found without reading all records.
CREATE TABLE record(
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL,
  utc_us INTEGER NOT NULL,
  session INTEGER,
  published INTEGER NOT NULL,
  leaf BLOB NOT NULL,
  hash BLOB NOT NULL
);

CREATE INDEX record_kind ON record(kind, seq);
CREATE INDEX record_session ON record(session, seq) WHERE session IS NOT NULL;

CREATE TRIGGER record_no_update BEFORE UPDATE ON record
BEGIN
  SELECT RAISE(ABORT, 'records are append-only');
END;

CREATE TRIGGER record_no_delete BEFORE DELETE ON record
BEGIN
  SELECT RAISE(ABORT, 'records are append-only');
END;

CREATE TABLE personal(
  seq INTEGER PRIMARY KEY,
  salt BLOB NOT NULL,
  data TEXT NOT NULL
);

CREATE TABLE attachment(
  seq INTEGER PRIMARY KEY,
  data BLOB NOT NULL
);

CREATE TABLE meta(
  name TEXT PRIMARY KEY,
  value INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE operator(
  badge TEXT PRIMARY KEY,
  name TEXT,
  roles TEXT NOT NULL,
  pin TEXT,
  seq INTEGER NOT NULL
);

CREATE TABLE session(
  session INTEGER PRIMARY KEY,
  subject TEXT NOT NULL,
  protocol TEXT NOT NULL,
  course_session INTEGER NOT NULL,
  operator TEXT NOT NULL,
  utc_us INTEGER NOT NULL,
  ended_us INTEGER,
  outcome TEXT NOT NULL,
  dots INTEGER,
  strokes INTEGER,
  needles INTEGER,
  worked_s INTEGER
);

CREATE INDEX session_subject ON session(subject, session);

CREATE TABLE image(
  seq INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  zone TEXT NOT NULL,
  phase TEXT NOT NULL,
  file TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  bytes INTEGER,
  width INTEGER,
  height INTEGER,
  focus REAL,
  exposure REAL,
  utc_us INTEGER NOT NULL
);

CREATE INDEX image_session ON image(session, seq);

CREATE TABLE zone_result(
  session INTEGER NOT NULL,
  zone TEXT NOT NULL,
  dots INTEGER,
  strokes INTEGER,
  area_mm2 INTEGER,
  density REAL,
  target REAL,
  outside REAL,
  depth_mean_um REAL,
  dwell_mean_ms REAL,
  PRIMARY KEY (session, zone)
) WITHOUT ROWID;

CREATE TABLE lot(
  gtin TEXT NOT NULL,
  lot TEXT NOT NULL,
  product TEXT,
  maker TEXT,
  expiry TEXT NOT NULL,
  quantity INTEGER NOT NULL,
  certificate TEXT,
  received_us INTEGER NOT NULL,
  used INTEGER NOT NULL DEFAULT 0,
  seq INTEGER NOT NULL,
  PRIMARY KEY (gtin, lot)
);

CREATE TABLE unit(
  unit TEXT PRIMARY KEY,
  seq INTEGER NOT NULL,
  session INTEGER NOT NULL,
  gtin TEXT NOT NULL,
  lot TEXT NOT NULL,
  expiry TEXT,
  chip TEXT UNIQUE,
  operator TEXT NOT NULL,
  utc_us INTEGER NOT NULL,
  strokes INTEGER,
  dots INTEGER,
  removed_us INTEGER
);

CREATE INDEX unit_lot ON unit(lot, seq);
CREATE INDEX unit_session ON unit(session, seq);

CREATE TABLE pigment_use(
  seq INTEGER PRIMARY KEY,
  session INTEGER NOT NULL,
  brand TEXT,
  colour TEXT,
  lot TEXT,
  expiry TEXT,
  utc_us INTEGER NOT NULL
);

CREATE INDEX pigment_lot ON pigment_use(lot, seq);
