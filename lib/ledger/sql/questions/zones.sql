-- SPDX-License-Identifier: Apache-2.0
-- The latest statistics of each zone of a session.
--
-- @session number, needed: the number of a session

WITH correcting AS (
  SELECT record.session || ' ' || json_extract(CAST(leaf AS TEXT), '$.body.zone') AS whose, field, new,
    correction.seq
  FROM correction
  CROSS JOIN record ON record.seq = corrects
  WHERE kind = 'zone.statistics'),
corrections AS (
  SELECT whose, json_group_object(field, iif(@impersonal,
      (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
    AS corrected
  FROM (SELECT whose, field, new, max(seq) AS newest FROM correcting GROUP BY whose, field)
  GROUP BY whose)
SELECT session, zone, dots, strokes, area_mm2, round(density, 1) AS density, target,
  round(outside, 4) AS outside, round(depth_mean_um, 1) AS depth_mean_um,
  round(dwell_mean_ms, 2) AS dwell_mean_ms, round(density_before, 1) AS density_before, dots_over,
  corrected AS "corrected:json"
FROM zone_result
LEFT JOIN corrections ON whose = session || ' ' || zone
WHERE session = @session
ORDER BY zone;
