-- SPDX-License-Identifier: Apache-2.0
-- Somebody takes note of an alarm. Gives whoever did so first; no row where there is no such alarm.
-- $1: number of the station; $2: of the record; $3: the person; $4: the note

WITH known AS (
  SELECT station, number FROM page_alert WHERE station = $1 AND number = $2
), added AS (
  INSERT INTO acknowledgement(what, station, number, person, note) SELECT 'alert', station, number, $3, $4 FROM known
  ON CONFLICT DO NOTHING
  RETURNING person, at, true AS fresh
)
SELECT person, utc_text(at), fresh FROM added
UNION ALL
SELECT person, utc_text(at), false FROM acknowledgement WHERE what = 'alert' AND station = $1 AND number = $2 AND NOT EXISTS (SELECT FROM added);
