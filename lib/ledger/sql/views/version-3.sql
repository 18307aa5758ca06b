-- SPDX-License-Identifier: Apache-2.0
-- The views for outside tools (docs/ledger.md) in version 3; those of earlier versions stay. They are created after
-- that version's tables.

CREATE VIEW audit_incidents AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS time, operator, session, subject, incident,
  severity, text, device, area, seq, occurred, treatment, referral
FROM incident;

CREATE VIEW audit_operators AS
SELECT badge, name, roles, seq, iif(revoked_us IS NULL, 'active', 'revoked') AS state,
  strftime('%Y-%m-%dT%H:%M:%fZ', revoked_us / 1e6, 'unixepoch') AS revoked, revoked AS revoked_why
FROM operator;

CREATE VIEW audit_sessions AS
SELECT session, subject, protocol, course_session, operator,
  strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS begun,
  strftime('%Y-%m-%dT%H:%M:%fZ', ended_us / 1e6, 'unixepoch') AS ended, outcome, dots, strokes, needles,
  worked_s,
  (SELECT seq
   FROM record
   WHERE record.session = session.session AND kind = 'session.begun'
   ORDER BY seq
   LIMIT 1)
    AS seq
FROM session;

CREATE VIEW audit_images AS
SELECT session, zone, phase, file, sha256, bytes, width, height, round(focus, 1) AS focus,
  round(exposure, 1) AS exposure, strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS taken, seq
FROM image;

CREATE VIEW audit_zones AS
SELECT session, zone, dots, strokes, area_mm2, round(density, 1) AS density, target,
  round(outside, 4) AS outside, round(depth_mean_um, 1) AS depth_mean_um,
  round(dwell_mean_ms, 2) AS dwell_mean_ms
FROM zone_result;

CREATE VIEW audit_certifications AS
SELECT badge, certificate, issuer, number, expiry, seq FROM certification;

CREATE VIEW audit_consents AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS time,
  json_extract(CAST(leaf AS TEXT), '$.actor') AS operator, session,
  (SELECT subject FROM session WHERE session.session = record.session) AS subject,
  json_extract(CAST(leaf AS TEXT), '$.body.consent') AS consent,
  json_extract(CAST(leaf AS TEXT), '$.body.version') AS version,
  json_extract(CAST(leaf AS TEXT), '$.body.given') AS given, seq
FROM record
WHERE kind IN ('session.consent');

CREATE VIEW audit_overrides AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS time,
  json_extract(CAST(leaf AS TEXT), '$.actor') AS operator, session,
  json_extract(CAST(leaf AS TEXT), '$.body.interlock') AS interlock,
  json_extract(CAST(leaf AS TEXT), '$.body.reason') AS reason,
  json_extract(CAST(leaf AS TEXT), '$.body.signed') AS signed, seq
FROM record
WHERE kind IN ('interlock.overridden');

CREATE VIEW audit_erasures AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS time,
  json_extract(CAST(leaf AS TEXT), '$.actor') AS operator, kind,
  json_extract(CAST(leaf AS TEXT), '$.body.subject') AS subject,
  json_extract(CAST(leaf AS TEXT), '$.body.badge') AS badge,
  json_extract(CAST(leaf AS TEXT), '$.body.record') AS record,
  json_extract(CAST(leaf AS TEXT), '$.body.reason') AS reason,
  json_extract(CAST(leaf AS TEXT), '$.body.despite') AS despite,
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
  json_extract(CAST(leaf AS TEXT), '$.body.reason') AS reason, seq
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
  json_extract(CAST(leaf AS TEXT), '$.body.action') AS action,
  json_extract(CAST(leaf AS TEXT), '$.body.items') AS items,
  json_extract(CAST(leaf AS TEXT), '$.body.notified') AS notified, seq
FROM record
WHERE kind IN ('indicator.followed-up');
