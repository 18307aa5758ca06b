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
