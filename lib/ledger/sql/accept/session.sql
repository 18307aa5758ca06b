-- SPDX-License-Identifier: Apache-2.0
-- Queries that run before a record of a session is accepted.

-- statement standing_answer
-- The newest session in which the session's client answered @question with yes, so that it stopped the treatment, unless
-- that was changed since.
SELECT answer.session
FROM (SELECT max(record.seq) AS seq, record.session
      FROM session AS own
      JOIN session AS other ON other.subject = own.subject COLLATE NOCASE
      JOIN record ON record.session = other.session AND kind = 'session.screening'
      LEFT JOIN personal USING(seq)
      JOIN json_each(
        json_array(
          json(
            coalesce(json_extract(data, '$.refused'), json_extract(CAST(leaf AS TEXT), '$.body.refused'), '[]')),
          json(coalesce(json_extract(data, '$.physician'), '[]'))))
        AS list
      JOIN json_each(list.value) AS stop
      WHERE own.session = @session AND stop.value = @question)
  AS answer
WHERE answer.seq IS NOT NULL
  AND NOT EXISTS (
    SELECT 1
    FROM session AS own
    JOIN session AS other ON other.subject = own.subject COLLATE NOCASE
    JOIN record AS change ON change.session = other.session AND kind = 'screening.changed'
    JOIN personal USING(seq)
    WHERE own.session = @session
      AND change.seq > answer.seq
      AND json_extract(data, '$.question') = @question);
