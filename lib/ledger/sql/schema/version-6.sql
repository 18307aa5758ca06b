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
