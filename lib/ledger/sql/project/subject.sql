-- SPDX-License-Identifier: Apache-2.0
-- How records of the people who are treated change the tables.

-- record subject.registered
INSERT INTO subject(subject, utc_us, seq) VALUES (@subject, @utc_us, @seq);
INSERT INTO card(seq, subject) VALUES (@seq, @subject);

-- record subject.described
INSERT INTO card(seq, subject) VALUES (@seq, @subject);

-- record subject.changed
-- Name and contact come from the newest record; older ones stay until they are erased.
UPDATE subject SET seq = @seq WHERE subject = @subject;

-- record course.planned
DELETE FROM course WHERE subject = @subject AND NOT coalesce(@beside, 0);
INSERT OR REPLACE INTO course(subject, protocol, sessions, interval_days, utc_us, seq)
VALUES (@subject, @protocol, @sessions, @interval_days, @utc_us, @seq);

-- record course.extended
UPDATE course SET sessions = @sessions WHERE subject = @subject COLLATE NOCASE AND protocol = @protocol;

-- record zone.area
INSERT OR REPLACE INTO zone_area(subject, zone, area_mm2, utc_us, seq)
VALUES (@subject, @zone, @area_mm2, @utc_us, @seq);

-- record incident.reported
-- The text is missing once it is erased.
INSERT INTO incident(
  seq, utc_us, operator, session, subject, incident, severity, text, device, area, occurred, treatment, referral,
  report_to, due, due_us)
VALUES (
  @seq, @utc_us, @actor, @session, @subject, @incident, @severity, coalesce(@text, ''), @device, @area, @occurred,
  @treatment, @referral, iif(@due IS NULL, NULL, @report_to), @due,
  (CAST(strftime('%s', @due) AS INTEGER) + iif(length(@due) = 10, 86400, 0)) * 1000000);

-- record incident.notified
-- The first report ends the reminder.
UPDATE incident
SET notified_seq = @seq, sent_us = coalesce(CAST(strftime('%s', @sent) AS INTEGER) * 1000000, @utc_us)
WHERE seq = @incident AND notified_seq IS NULL;

-- record recipe.noted
INSERT INTO recipe(seq, subject, session, zone, pigment, needle, rate_hz, depth_um, dwell_ms, operator, utc_us)
VALUES (@seq, @subject, @session, @zone, @pigment, @needle, @rate_hz, @depth_um, @dwell_ms, @actor, @utc_us);
