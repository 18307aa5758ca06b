-- SPDX-License-Identifier: Apache-2.0
-- The views for outside tools (docs/ledger.md) in version 6; those of earlier versions stay. They are created after
-- that version's tables.

CREATE VIEW audit_zones AS
SELECT session, zone, dots, strokes, area_mm2, density, target, outside, depth_mean_um, dwell_mean_ms,
  density_before, dots_over
FROM zone_result;

CREATE VIEW audit_zone_areas AS
SELECT subject, zone, area_mm2, strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS measured, seq
FROM zone_area;

CREATE VIEW audit_subjects AS
SELECT subject,
  (SELECT coalesce(json_extract(data, '$.phototype'), json_extract(CAST(leaf AS TEXT), '$.body.phototype')) AS said
   FROM card
   JOIN record USING(seq)
   LEFT JOIN personal USING(seq)
   WHERE card.subject = subject.subject AND said IS NOT NULL
   ORDER BY card.seq DESC
   LIMIT 1)
    AS phototype,
  (SELECT coalesce(json_extract(data, '$.born'), json_extract(CAST(leaf AS TEXT), '$.body.born')) AS said
   FROM card
   JOIN record USING(seq)
   LEFT JOIN personal USING(seq)
   WHERE card.subject = subject.subject AND said IS NOT NULL
   ORDER BY card.seq DESC
   LIMIT 1)
    AS born,
  strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS registered, seq
FROM subject;

CREATE VIEW audit_recipes AS
SELECT subject, session, zone, pigment, needle, rate_hz, depth_um, dwell_ms, operator,
  strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS time, seq
FROM recipe;

CREATE VIEW audit_stints AS
SELECT session, handover, zone, unit, operator, strokes, dots,
  strftime('%Y-%m-%dT%H:%M:%fZ', first_us / 1e6, 'unixepoch') AS first,
  strftime('%Y-%m-%dT%H:%M:%fZ', last_us / 1e6, 'unixepoch') AS last
FROM stint;

CREATE VIEW audit_handovers AS
SELECT strftime('%Y-%m-%dT%H:%M:%fZ', utc_us / 1e6, 'unixepoch') AS time, session, giver, taker, zone, unit, seq
FROM handover;
