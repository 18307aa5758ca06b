-- SPDX-License-Identifier: Apache-2.0
-- The answers of a client before each session, the newest session first, without those that were erased: its last
-- screening with what was changed since.
-- For the station alone.
--
-- @subject text, needed: a pseudonym, in capitals or not
-- @limit number: at most so many sessions

SELECT session, utc_us AS "answered:utc",
  json_patch(
    answers,
    (SELECT json_group_object(json_extract(data, '$.question'), json('false'))
     FROM record AS change
     JOIN personal USING(seq)
     WHERE change.session = screening.session AND kind = 'screening.changed' AND change.seq > screening.seq))
    AS "answers:json"
FROM (SELECT record.session, max(record.seq) AS seq, record.utc_us,
        coalesce(json_extract(data, '$.answers'), json_extract(CAST(leaf AS TEXT), '$.body.answers')) AS answers
      FROM session
      JOIN record ON record.session = session.session AND kind = 'session.screening'
      LEFT JOIN personal USING(seq)
      WHERE subject = @subject COLLATE NOCASE
        AND coalesce(json_extract(data, '$.answers'), json_extract(CAST(leaf AS TEXT), '$.body.answers')) IS NOT NULL
      GROUP BY record.session)
  AS screening
ORDER BY session DESC
LIMIT coalesce(@limit, 1);
