-- SPDX-License-Identifier: Apache-2.0
-- Somebody takes note of an alarm or a finding. Gives whoever did so first; no row where there is no such thing.
-- $1: number of the station, 0 of a finding; $2: of the record or finding; $3: the person; $4: the note; $5: which of the two

WITH known AS (
  SELECT 'alert' AS what, station, number FROM page_alert WHERE $5::text = 'alert' AND station = $1 AND number = $2
  UNION ALL SELECT 'finding', 0, finding FROM finding WHERE $5 = 'finding' AND $1 = 0 AND finding = $2
), added AS (
  INSERT INTO acknowledgement(what, station, number, person, note) SELECT what, station, number, $3::text, $4::text FROM known
  ON CONFLICT DO NOTHING
  RETURNING person, at, true AS fresh
)
SELECT person, utc_text(at), fresh FROM added
UNION ALL
SELECT person, utc_text(at), false FROM acknowledgement WHERE what = $5 AND station = $1 AND number = $2 AND NOT EXISTS (SELECT FROM added);
