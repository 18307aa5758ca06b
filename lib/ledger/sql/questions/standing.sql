-- SPDX-License-Identifier: Apache-2.0
-- The answers yes of a client that stopped a treatment and that no supervisor changed to no since, each with its newest
-- session. One that was erased stands no more.
-- For the station alone.
--
-- @subject text, needed: a pseudonym, in capitals or not
-- @limit number: at most so many rows

SELECT question, session, utc_us AS "answered:utc"
FROM (SELECT stop.value AS question, max(record.seq) AS seq, record.session, record.utc_us
      FROM session
      JOIN record ON record.session = session.session AND kind = 'session.screening'
      LEFT JOIN personal USING(seq)
      JOIN json_each(
        json_array(
          json(
            coalesce(json_extract(data, '$.refused'), json_extract(CAST(leaf AS TEXT), '$.body.refused'), '[]')),
          json(coalesce(json_extract(data, '$.physician'), '[]'))))
        AS list
      JOIN json_each(list.value) AS stop
      WHERE subject = @subject COLLATE NOCASE
      GROUP BY stop.value)
  AS answer
WHERE NOT EXISTS (
    SELECT 1
    FROM session AS later
    JOIN record AS change ON change.session = later.session AND kind = 'screening.changed'
    JOIN personal USING(seq)
    WHERE later.subject = @subject COLLATE NOCASE
      AND change.seq > answer.seq
      AND json_extract(data, '$.question') = question)
ORDER BY question
LIMIT coalesce(@limit, -1);
