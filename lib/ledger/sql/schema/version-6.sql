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

-- What makes a steriliser need biological tests in a row: its installation, and work on it (event: installation,
-- repair, relocation, returned, power-cut). Failed tests and weeks without use stand in other tables.
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
  AND json_extract(CAST(leaf AS TEXT), '$.body.work') IN ('major-repair', 'relocation', 'returned');

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
