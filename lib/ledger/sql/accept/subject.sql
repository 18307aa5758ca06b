-- SPDX-License-Identifier: Apache-2.0
-- Queries that run before a record of the people who are treated is accepted.

-- statement session_is_of_subject
-- Whether the session belongs to the person, by its record or by a correction of it.
SELECT @subject IS NULL
  OR subject = @subject COLLATE NOCASE
  OR EXISTS (
    SELECT 1
    FROM correction
    CROSS JOIN record ON record.seq = corrects
    WHERE record.session = @session
      AND kind = 'session.begun'
      AND field = 'subject'
      AND new = @subject COLLATE NOCASE)
FROM session
WHERE session = @session;

-- statement area_of_other_zones
-- What the subject's other zones have together.
SELECT coalesce(sum(area_mm2), 0) FROM zone_area WHERE subject = @subject AND zone <> @zone;

-- statement course_of_protocol
-- How many sessions the subject's course with the protocol has.
SELECT sessions FROM course WHERE subject = @subject COLLATE NOCASE AND protocol = @protocol;

-- statement incident_began
-- When the incident was at the latest: as it was entered, or when it was known, or else by its record.
SELECT coalesce(
  CAST(strftime('%s', occurred) AS INTEGER) * 1000000,
  (SELECT CAST(strftime('%s', new) AS INTEGER) * 1000000
   FROM correction
   WHERE corrects = incident.seq AND field = 'known'
   ORDER BY correction.seq DESC
   LIMIT 1),
  CAST(strftime('%s', json_extract(CAST(leaf AS TEXT), '$.body.known')) AS INTEGER) * 1000000, incident.utc_us)
FROM incident
JOIN record USING(seq)
WHERE seq = @incident;
