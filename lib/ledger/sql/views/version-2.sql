-- SPDX-License-Identifier: Apache-2.0
-- The views for outside tools (docs/ledger.md) in version 2. They are created after its tables.

CREATE VIEW audit_sterilizers AS
SELECT sterilizer, maker, model, serial, installed, in_service, seq FROM sterilizer;

CREATE VIEW audit_cycles AS
SELECT sterilizer, cycle, load, strftime('%Y-%m-%dT%H:%M:%fZ', started_us / 1e6, 'unixepoch') AS started,
  program, temperature_c, pressure_kpa, exposure_s, dry_s, mechanical, integrator, chemical, operator,
  strftime('%Y-%m-%dT%H:%M:%fZ', released_us / 1e6, 'unixepoch') AS released, released_by,
  rejected_seq IS NOT NULL AS rejected, seq
FROM cycle;

CREATE VIEW audit_cycle_items AS
SELECT sterilizer, cycle, item FROM cycle_item JOIN cycle ON cycle.seq = cycle_seq;

CREATE VIEW audit_indicators AS
SELECT sterilizer, cycle, strftime('%Y-%m-%dT%H:%M:%fZ', tested_us / 1e6, 'unixepoch') AS tested, lot, expiry,
  control, result, incubation_h, laboratory, operator, followed_seq AS follow_up, seq
FROM indicator_test;

CREATE VIEW audit_subjects AS
SELECT subject, phototype, born, strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS registered, seq
FROM subject;

CREATE VIEW audit_incidents AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS time, operator, session, subject, incident,
  severity, text, device, area, seq
FROM incident;

CREATE VIEW audit_corrections AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS time, operator, corrects, field, old, new,
  why, seq
FROM correction;

CREATE VIEW audit_records AS
SELECT seq, strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS time, kind,
  json_extract(CAST(leaf AS TEXT), '$.actor') AS actor, session,
  json_extract(CAST(leaf AS TEXT), '$.body') AS body, lower(hex(hash)) AS leaf_hash
FROM record;

CREATE VIEW audit_needles AS
SELECT unit, unit.gtin, lot, unit.expiry, chip, unit.session, subject, unit.operator,
  iif(unit.session IS NULL, NULL, strftime('%Y-%m-%dT%H:%M:%fZ', unit.utc_us / 1e6, 'unixepoch')) AS used,
  strftime('%Y-%m-%dT%H:%M:%fZ', removed_us / 1e6, 'unixepoch') AS removed, unit.strokes, unit.dots, unit.seq,
  unit.worked_s, state, damage, container,
  strftime('%Y-%m-%dT%H:%M:%fZ', unit.ended_us / 1e6, 'unixepoch') AS ended, ended_by
FROM unit
LEFT JOIN session USING(session);

CREATE VIEW audit_lots AS
SELECT gtin, lot, product, maker, expiry, quantity, used, quantity - used AS unused, certificate,
  strftime('%Y-%m-%dT%H:%M:%fZ', received_us / 1e6, 'unixepoch') AS received, seq, configuration, supplier,
  purchase, certificate_file, certificate_sha256, membrane, membrane_reference, low_stock, status, status_reason
FROM lot;

CREATE VIEW audit_sessions AS
SELECT session, subject, protocol, course_session, operator,
  strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS begun,
  strftime('%Y-%m-%dT%H:%M:%fZ', ended_us / 1e6, 'unixepoch') AS ended, outcome, dots, strokes, needles,
  worked_s
FROM session;

CREATE VIEW audit_images AS
SELECT session, zone, phase, file, sha256, bytes, width, height, focus, exposure,
  strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS taken, seq
FROM image;

CREATE VIEW audit_zones AS
SELECT * FROM zone_result;

CREATE VIEW audit_pigments AS
SELECT brand, colour, lot, expiry, session, strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS used,
  seq
FROM pigment_use;

CREATE VIEW audit_pigment_zones AS
SELECT seq, zone, strokes, dots FROM pigment_zone;

CREATE VIEW audit_pigment_lots AS
SELECT brand, colour, lot, expiry, quantity, volume_ml, supplier, purpose, status, status_reason,
  strftime('%Y-%m-%dT%H:%M:%fZ', received_us / 1e6, 'unixepoch') AS received, seq
FROM pigment_stock;

CREATE VIEW audit_blends AS
SELECT blend, pigment_blend.colour, expiry, operator,
  strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS blended, brand,
  pigment_part.colour AS part_colour, lot, parts, seq
FROM pigment_blend
JOIN pigment_part USING(blend);

CREATE VIEW audit_handpieces AS
SELECT handpiece, model, state, session,
  strftime('%Y-%m-%dT%H:%M:%fZ', registered_us / 1e6, 'unixepoch') AS registered,
  strftime('%Y-%m-%dT%H:%M:%fZ', mounted_us / 1e6, 'unixepoch') AS mounted, seq
FROM handpiece;

CREATE VIEW audit_operators AS
SELECT badge, name, roles, seq FROM operator;
