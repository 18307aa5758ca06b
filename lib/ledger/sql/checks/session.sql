-- SPDX-License-Identifier: Apache-2.0
-- Sessions in which the needle touched the skin, and what they lack.
--
-- @proofs text, of the profile: what the profile asks for, separated by blanks: consent, screening, signature,
--   client_signature, needles_sealed, care_sheet, copy, disposal
-- @registration number, of the profile: whether (1) a client must be registered
-- @questions text, of the profile: a JSON list of the questions that are asked before each session

WITH treated AS (
  SELECT session, 'session ' || session AS subject, date(utc_us / 1000000, 'unixepoch') AS since, outcome,
    ' ' || @proofs || ' ' AS wanted, session.subject AS client
  FROM session
  WHERE strokes > 0)
SELECT 'session-consent' AS rule, subject, 'the consent to the treatment' AS missing, since
FROM treated
WHERE instr(wanted, ' consent ') > 0
  AND NOT EXISTS (
    SELECT 1
    FROM record
    WHERE record.session = treated.session
      AND kind = 'session.consent'
      AND json_extract(CAST(leaf AS TEXT), '$.body.consent') = 'treatment'
      AND json_extract(CAST(leaf AS TEXT), '$.body.given'))
UNION ALL
SELECT 'session-screening', subject, 'the screening', since
FROM treated
WHERE instr(wanted, ' screening ') > 0
  AND NOT EXISTS (SELECT 1 FROM record WHERE record.session = treated.session AND kind = 'session.screening')
UNION ALL
-- Where no screening is on record at all, it is listed above. Of an earlier version's, whose answers were erased, nobody
-- knows what was asked.
SELECT 'session-questions', subject, 'the questions ' || group_concat(question.value, ', '), since
FROM treated
JOIN json_each(coalesce(@questions, '[]')) AS question
WHERE (instr(wanted, ' screening ') = 0
    OR EXISTS (SELECT 1 FROM record WHERE record.session = treated.session AND kind = 'session.screening'))
  AND NOT EXISTS (
    SELECT 1
    FROM (SELECT json_extract(CAST(leaf AS TEXT), '$.body.asked') AS asked,
            coalesce(json_extract(data, '$.answers'), json_extract(CAST(leaf AS TEXT), '$.body.answers')) AS answers
          FROM record
          LEFT JOIN personal USING(seq)
          WHERE record.session = treated.session AND kind = 'session.screening')
    WHERE asked IS NULL AND answers IS NULL
      OR question.value IN (SELECT value FROM json_each(asked))
      OR asked IS NULL AND question.value IN (SELECT key FROM json_each(answers)))
GROUP BY session
UNION ALL
SELECT 'session-registration', subject, 'the registration of its client', since
FROM treated
WHERE @registration
  AND NOT EXISTS (SELECT 1 FROM subject WHERE subject.subject = client COLLATE NOCASE)
UNION ALL
SELECT 'session-signature', subject, 'the signature', since
FROM treated
WHERE instr(wanted, ' signature ') > 0 AND outcome NOT IN ('signed', 'open')
UNION ALL
SELECT 'session-client-signature', subject, 'the client''s signature under the consent', since
FROM treated
WHERE instr(wanted, ' client_signature ') > 0
  AND NOT EXISTS (
    SELECT 1
    FROM record
    WHERE record.session = treated.session
      AND kind = 'session.consent'
      AND json_extract(CAST(leaf AS TEXT), '$.body.consent') = 'treatment'
      AND json_extract(CAST(leaf AS TEXT), '$.body.given')
      AND json_extract(CAST(leaf AS TEXT), '$.body.signed_on') IS NOT NULL)
UNION ALL
SELECT 'session-needles-sealed', subject, 'the client''s signature that the needles were sealed', since
FROM treated
WHERE instr(wanted, ' needles_sealed ') > 0
  AND NOT EXISTS (
    SELECT 1
    FROM record
    WHERE record.session = treated.session
      AND kind = 'session.statement'
      AND json_extract(CAST(leaf AS TEXT), '$.body.statement') = 'needles-sealed')
UNION ALL
SELECT 'session-care-sheet', subject, 'the client''s signature for the care sheet', since
FROM treated
WHERE instr(wanted, ' care_sheet ') > 0
  AND outcome != 'open'
  AND NOT EXISTS (
    SELECT 1
    FROM record
    WHERE record.session = treated.session
      AND kind = 'session.statement'
      AND json_extract(CAST(leaf AS TEXT), '$.body.statement') = 'aftercare')
UNION ALL
SELECT 'session-copy', subject, 'that the client was given a copy', since
FROM treated
WHERE instr(wanted, ' copy ') > 0
  AND outcome != 'open'
  AND NOT EXISTS (SELECT 1 FROM record WHERE record.session = treated.session AND kind = 'session.copied')
UNION ALL
SELECT 'session-disposal', subject, 'what became of its cartridges', since
FROM treated
WHERE instr(wanted, ' disposal ') > 0
  AND outcome != 'open'
  AND EXISTS (SELECT 1 FROM unit WHERE unit.session = treated.session AND container IS NULL);
