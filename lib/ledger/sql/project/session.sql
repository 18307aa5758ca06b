-- SPDX-License-Identifier: Apache-2.0
-- How records of sessions change the tables.

-- record session.begun
INSERT INTO session(session, subject, protocol, course_session, operator, utc_us, outcome)
VALUES (@session, @subject, @protocol, @course_session, @actor, @utc_us, 'open');

-- record session.handed-over
INSERT INTO handover(seq, session, giver, taker, zone, unit, utc_us)
VALUES (@seq, @session, @from, @to, @zone, @unit, @utc_us);

-- record image.captured
INSERT INTO image(seq, session, zone, phase, file, sha256, bytes, width, height, focus, exposure, utc_us)
VALUES (@seq, @session, @zone, @phase, @file, @sha256, @bytes, @width, @height, @focus, @exposure, @utc_us);

-- record strokes
-- Updates the totals of session and cartridge (session.finished and needle.removed give the final figures), the zone
-- where the last loaded pigment was used, and who worked there with which cartridge.
UPDATE session
SET strokes = coalesce(strokes, 0) + @strokes, dots = coalesce(dots, 0) + @dots
WHERE session = @session;
UPDATE unit SET strokes = coalesce(strokes, 0) + @strokes, dots = coalesce(dots, 0) + @dots WHERE unit = @unit;
INSERT INTO pigment_zone(seq, zone, strokes, dots)
SELECT max(seq), @zone, @strokes, @dots
FROM pigment_use
WHERE session = @session
HAVING max(seq) IS NOT NULL
ON CONFLICT DO UPDATE SET strokes = strokes + excluded.strokes, dots = dots + excluded.dots;
INSERT INTO zone_dots(session, zone, chunk_dots, told_dots, worked_us)
VALUES (@session, @zone, @dots, 0, @utc_us)
ON CONFLICT DO UPDATE SET chunk_dots = chunk_dots + excluded.chunk_dots, worked_us = excluded.worked_us;
INSERT INTO stint(session, handover, zone, unit, operator, strokes, dots, first_us, last_us)
VALUES (
  @session, (SELECT coalesce(max(seq), 0) FROM handover WHERE session = @session), @zone, @unit, @actor, @strokes,
  @dots, @utc_us, @utc_us)
ON CONFLICT DO UPDATE
SET strokes = strokes + excluded.strokes, dots = dots + excluded.dots, last_us = max(last_us, excluded.last_us);

-- record zone.statistics
INSERT OR REPLACE INTO zone_result(
  session, zone, dots, strokes, area_mm2, density, target, outside, depth_mean_um, dwell_mean_ms, density_before,
  dots_over)
VALUES (
  @session, @zone, @dots, @strokes, @area_mm2, @density, @target, @outside, @depth_mean_um, @dwell_mean_ms,
  @density_before, @dots_over);
-- Statistics that are recorded again after the station stopped, perhaps days later, are no work.
INSERT INTO zone_dots(session, zone, chunk_dots, told_dots, worked_us)
VALUES (@session, @zone, 0, @dots, @utc_us)
ON CONFLICT DO UPDATE SET told_dots = excluded.told_dots;

-- record session.finished
UPDATE session
SET dots = @dots, strokes = @strokes, needles = @needles, worked_s = @worked_s
WHERE session = @session;

-- record session.signed
-- Without session.finished the cartridges are counted here, as for every other way a session ends.
UPDATE session
SET outcome = 'signed', ended_us = @utc_us,
  needles = coalesce(needles, (SELECT count(*) FROM unit WHERE unit.session = @session))
WHERE session = @session;

-- record session.abandoned
UPDATE session
SET outcome = 'abandoned', ended_us = @utc_us,
  needles = coalesce(needles, (SELECT count(*) FROM unit WHERE unit.session = @session))
WHERE session = @session;

-- record session.interrupted
-- The cartridge in the handpiece may have been anywhere since the power was lost.
UPDATE session
SET outcome = 'interrupted', ended_us = @utc_us,
  needles = coalesce(needles, (SELECT count(*) FROM unit WHERE unit.session = @session))
WHERE session = @session;
UPDATE unit SET state = 'interrupted', removed_us = @utc_us WHERE session = @session AND state = 'mounted';
