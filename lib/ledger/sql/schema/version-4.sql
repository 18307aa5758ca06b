-- SPDX-License-Identifier: Apache-2.0
-- What version 4 adds: names that ignore case, series of cycles, serials, and what an interrupted session used. The
-- program computes the twins of existing units (lib/ledger/twin.c).

DROP VIEW audit_cycles;
DROP VIEW audit_cycle_items;
DROP VIEW audit_indicators;

-- The cartridges and strokes used by a session without session.finished.
UPDATE session
SET needles = (SELECT count(*) FROM unit WHERE unit.session = session.session)
WHERE needles IS NULL AND outcome IN ('interrupted', 'abandoned');

-- Names are compared without regard to case.
CREATE INDEX session_subject_name ON session(subject COLLATE NOCASE, session);

-- What the stroke chunks tell about a cartridge that was not removed since, and its removal by the interruption:
-- the same rule as for the records strokes and session.interrupted (project/session.sql).
CREATE TEMP TABLE chunk AS
SELECT seq, json_extract(CAST(leaf AS TEXT), '$.body.unit') AS unit,
  json_extract(CAST(leaf AS TEXT), '$.body.strokes') AS strokes,
  json_extract(CAST(leaf AS TEXT), '$.body.dots') AS dots
FROM record
WHERE kind = 'strokes';

CREATE TEMP TABLE removal(
  unit PRIMARY KEY,
  seq
);

INSERT INTO removal
SELECT json_extract(CAST(leaf AS TEXT), '$.body.unit'), max(seq)
FROM record
WHERE kind = 'needle.removed'
GROUP BY 1;

DELETE FROM chunk WHERE seq < (SELECT seq FROM removal WHERE removal.unit = chunk.unit);

DROP TABLE removal;

UPDATE unit
SET strokes = coalesce(strokes, 0) + known.n, dots = coalesce(dots, 0) + known.d
FROM (SELECT unit, sum(strokes) AS n, sum(dots) AS d FROM chunk GROUP BY unit) AS known
WHERE known.unit = unit.unit;

DROP TABLE chunk;

UPDATE unit
SET state = iif(state = 'mounted', 'interrupted', state), removed_us = session.ended_us
FROM session
WHERE session.session = unit.session AND session.outcome = 'interrupted' AND unit.removed_us IS NULL;

ALTER TABLE lot ADD COLUMN serialised INTEGER NOT NULL DEFAULT 0;
ALTER TABLE unit ADD COLUMN source TEXT;

-- twin: the key that all spellings of a unit's serial share.
ALTER TABLE unit ADD COLUMN twin TEXT;

CREATE INDEX unit_twin ON unit(twin) WHERE twin IS NOT NULL;
CREATE INDEX unit_serial ON unit(lot COLLATE NOCASE) WHERE twin IS NOT NULL;

-- Names are compared without regard to case.
CREATE INDEX unit_lot_name ON unit(lot COLLATE NOCASE, seq);
CREATE INDEX lot_name ON lot(lot COLLATE NOCASE);
CREATE INDEX pigment_lot_name ON pigment_use(lot COLLATE NOCASE, seq);

CREATE TABLE distinct_unit(
  unit TEXT NOT NULL,
  other TEXT NOT NULL,
  seq INTEGER NOT NULL,
  PRIMARY KEY (unit, other)
) WITHOUT ROWID;

-- series: starts at 1, and increases each time the steriliser's counter starts again after a repair. So a number
-- may occur again; the time when a cycle started tells its series, whenever it is recorded.
CREATE TABLE cycle_4(
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
  series INTEGER NOT NULL DEFAULT 1,
  UNIQUE (sterilizer, cycle, series)
);

INSERT INTO cycle_4(
  seq, sterilizer, cycle, load, program, started_us, temperature_c, pressure_kpa, exposure_s, dry_s, mechanical,
  integrator, chemical, operator, released_seq, released_us, released_by, rejected_seq)
SELECT seq, sterilizer, cycle, load, program, started_us, temperature_c, pressure_kpa, exposure_s, dry_s,
  mechanical, integrator, chemical, operator, released_seq, released_us, released_by, rejected_seq
FROM cycle;

DROP TABLE cycle;

ALTER TABLE cycle_4 RENAME TO cycle;

CREATE INDEX cycle_started ON cycle(sterilizer, started_us);

CREATE TABLE counter_reset(
  seq INTEGER PRIMARY KEY,
  sterilizer TEXT NOT NULL,
  reset_us INTEGER NOT NULL
);

CREATE INDEX counter_reset_time ON counter_reset(sterilizer, reset_us);

-- ran_seq: the cycle in which a test ran.
ALTER TABLE indicator_test ADD COLUMN ran_seq INTEGER;

UPDATE indicator_test
SET ran_seq = (SELECT cycle.seq
               FROM cycle
               WHERE cycle.sterilizer = indicator_test.sterilizer AND cycle.cycle = indicator_test.cycle);

-- Names are compared without regard to case.
CREATE INDEX incident_subject_name ON incident(subject COLLATE NOCASE, seq) WHERE subject IS NOT NULL;
CREATE INDEX subject_name ON subject(subject COLLATE NOCASE);
CREATE INDEX course_name ON course(subject COLLATE NOCASE);
