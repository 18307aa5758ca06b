-- SPDX-License-Identifier: Apache-2.0
-- The views for outside tools (docs/ledger.md) in version 5; those of earlier versions stay. They are created after
-- that version's tables.

CREATE VIEW audit_cycles AS
SELECT sterilizer, cycle, load, strftime('%Y-%m-%dT%H:%M:%fZ', started_us / 1e6, 'unixepoch') AS started,
  program, temperature_c, pressure_kpa, exposure_s, dry_s, mechanical, integrator, chemical,
  coalesce(
    (SELECT coalesce(
       (SELECT json_extract(data, '$.operator') FROM personal WHERE personal.seq = said.seq),
       json_extract(CAST(said.leaf AS TEXT), '$.body.operator'))
     FROM record AS said
     WHERE said.seq = cycle.seq),
    operator)
    AS operator,
  strftime('%Y-%m-%dT%H:%M:%fZ', released_us / 1e6, 'unixepoch') AS released, released_by,
  rejected_seq IS NOT NULL AS rejected, seq, series
FROM cycle;

CREATE VIEW audit_records AS
SELECT seq, strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS time, kind,
  json_extract(CAST(leaf AS TEXT), '$.actor') AS actor, session,
  json_extract(CAST(leaf AS TEXT), '$.body') AS body, lower(hex(hash)) AS leaf_hash,
  (SELECT nullif(json_remove(data, '$.name', '$.contact', '$.person', '$.pin'), '{}')
   FROM personal
   WHERE personal.seq = record.seq)
    AS words
FROM record;

CREATE VIEW audit_needles AS
SELECT unit, unit.gtin, lot, unit.expiry, chip, unit.session, subject, unit.operator,
  iif(unit.session IS NULL, NULL, strftime('%Y-%m-%dT%H:%M:%fZ', unit.utc_us / 1e6, 'unixepoch')) AS used,
  strftime('%Y-%m-%dT%H:%M:%fZ', removed_us / 1e6, 'unixepoch') AS removed, unit.strokes, unit.dots, unit.seq,
  unit.worked_s, state,
  (SELECT coalesce(
     (SELECT json_extract(data, '$.reason') FROM personal WHERE personal.seq = said.seq),
     json_extract(CAST(said.leaf AS TEXT), '$.body.reason'))
   FROM record AS said
   WHERE said.seq = damage_seq)
    AS damage,
  container, strftime('%Y-%m-%dT%H:%M:%fZ', unit.ended_us / 1e6, 'unixepoch') AS ended, ended_by
FROM unit
LEFT JOIN session USING(session);

CREATE VIEW audit_lots AS
SELECT gtin, lot, product, maker, expiry, quantity, used, quantity - used AS unused, certificate,
  strftime('%Y-%m-%dT%H:%M:%fZ', received_us / 1e6, 'unixepoch') AS received, seq, configuration, supplier,
  purchase, certificate_file, certificate_sha256, membrane, membrane_reference, low_stock, status,
  (SELECT coalesce(
     (SELECT json_extract(data, '$.reason') FROM personal WHERE personal.seq = said.seq),
     json_extract(CAST(said.leaf AS TEXT), '$.body.reason'))
   FROM record AS said
   WHERE said.seq = status_seq)
    AS status_reason
FROM lot;

CREATE VIEW audit_pigment_lots AS
SELECT brand, colour, lot, expiry, quantity, volume_ml, supplier, purpose, status,
  (SELECT coalesce(
     (SELECT json_extract(data, '$.reason') FROM personal WHERE personal.seq = said.seq),
     json_extract(CAST(said.leaf AS TEXT), '$.body.reason'))
   FROM record AS said
   WHERE said.seq = status_seq)
    AS status_reason,
  strftime('%Y-%m-%dT%H:%M:%fZ', received_us / 1e6, 'unixepoch') AS received, seq
FROM pigment_stock;

CREATE VIEW audit_operators AS
SELECT badge, name, roles, seq, iif(revoked_us IS NULL, 'active', 'revoked') AS state,
  strftime('%Y-%m-%dT%H:%M:%fZ', revoked_us / 1e6, 'unixepoch') AS revoked,
  (SELECT coalesce(
     (SELECT json_extract(data, '$.reason') FROM personal WHERE personal.seq = said.seq),
     json_extract(CAST(said.leaf AS TEXT), '$.body.reason'))
   FROM record AS said
   WHERE said.seq = revoked_seq)
    AS revoked_why
FROM operator;

CREATE VIEW audit_overrides AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS time,
  json_extract(CAST(leaf AS TEXT), '$.actor') AS operator, session,
  json_extract(CAST(leaf AS TEXT), '$.body.interlock') AS interlock,
  coalesce(
    (SELECT json_extract(data, '$.reason') FROM personal WHERE personal.seq = record.seq),
    json_extract(CAST(record.leaf AS TEXT), '$.body.reason'))
    AS reason,
  json_extract(CAST(leaf AS TEXT), '$.body.signed') AS signed, seq
FROM record
WHERE kind IN ('interlock.overridden');

CREATE VIEW audit_erasures AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS time,
  json_extract(CAST(leaf AS TEXT), '$.actor') AS operator, kind,
  json_extract(CAST(leaf AS TEXT), '$.body.subject') AS subject,
  json_extract(CAST(leaf AS TEXT), '$.body.badge') AS badge,
  json_extract(CAST(leaf AS TEXT), '$.body.record') AS record,
  coalesce(
    (SELECT json_extract(data, '$.reason') FROM personal WHERE personal.seq = record.seq),
    json_extract(CAST(record.leaf AS TEXT), '$.body.reason'))
    AS reason,
  coalesce(
    (SELECT json_extract(data, '$.despite') FROM personal WHERE personal.seq = record.seq),
    json_extract(CAST(record.leaf AS TEXT), '$.body.despite'))
    AS despite,
  json_extract(CAST(leaf AS TEXT), '$.body.signed') AS signed,
  json_extract(CAST(leaf AS TEXT), '$.body.records') AS records,
  json_extract(CAST(leaf AS TEXT), '$.body.images') AS images, session,
  json_extract(CAST(leaf AS TEXT), '$.body.image') AS image,
  json_extract(CAST(leaf AS TEXT), '$.body.file') AS file,
  json_extract(CAST(leaf AS TEXT), '$.body.sha256') AS sha256, seq
FROM record
WHERE kind IN ('personal.erased', 'image.erased');

CREATE VIEW audit_lot_status AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS time,
  json_extract(CAST(leaf AS TEXT), '$.actor') AS operator,
  iif(kind = 'lot.status', 'cartridge', 'pigment') AS item,
  json_extract(CAST(leaf AS TEXT), '$.body.lot') AS lot,
  json_extract(CAST(leaf AS TEXT), '$.body.gtin') AS gtin,
  json_extract(CAST(leaf AS TEXT), '$.body.brand') AS brand,
  json_extract(CAST(leaf AS TEXT), '$.body.colour') AS colour,
  json_extract(CAST(leaf AS TEXT), '$.body.status') AS status,
  coalesce(
    (SELECT json_extract(data, '$.reason') FROM personal WHERE personal.seq = record.seq),
    json_extract(CAST(record.leaf AS TEXT), '$.body.reason'))
    AS reason,
  seq
FROM record
WHERE kind IN ('lot.status', 'pigment.status');

CREATE VIEW audit_follow_ups AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS time,
  json_extract(CAST(leaf AS TEXT), '$.actor') AS operator,
  json_extract(CAST(leaf AS TEXT), '$.body.test') AS test,
  (SELECT sterilizer
   FROM indicator_test
   WHERE indicator_test.seq = json_extract(CAST(leaf AS TEXT), '$.body.test'))
    AS sterilizer,
  coalesce(
    (SELECT json_extract(data, '$.action') FROM personal WHERE personal.seq = record.seq),
    json_extract(CAST(record.leaf AS TEXT), '$.body.action'))
    AS action,
  json_extract(CAST(leaf AS TEXT), '$.body.items') AS items,
  coalesce(
    (SELECT json_extract(data, '$.notified') FROM personal WHERE personal.seq = record.seq),
    json_extract(CAST(record.leaf AS TEXT), '$.body.notified'))
    AS notified,
  seq
FROM record
WHERE kind IN ('indicator.followed-up');
