-- SPDX-License-Identifier: Apache-2.0
-- The views for outside tools (docs/ledger.md) in version 4; those of earlier versions stay. They are created after
-- that version's tables.

CREATE VIEW audit_cycles AS
SELECT sterilizer, cycle, load, strftime('%Y-%m-%dT%H:%M:%fZ', started_us / 1e6, 'unixepoch') AS started,
  program, temperature_c, pressure_kpa, exposure_s, dry_s, mechanical, integrator, chemical, operator,
  strftime('%Y-%m-%dT%H:%M:%fZ', released_us / 1e6, 'unixepoch') AS released, released_by,
  rejected_seq IS NOT NULL AS rejected, seq, series
FROM cycle;

CREATE VIEW audit_cycle_items AS
SELECT sterilizer, cycle, item, series FROM cycle_item JOIN cycle ON cycle.seq = cycle_seq;

CREATE VIEW audit_indicators AS
SELECT sterilizer, cycle, strftime('%Y-%m-%dT%H:%M:%fZ', tested_us / 1e6, 'unixepoch') AS tested, lot, expiry,
  control, result, incubation_h, laboratory, operator, followed_seq AS follow_up, seq,
  (SELECT series FROM cycle WHERE cycle.seq = ran_seq) AS series
FROM indicator_test;
