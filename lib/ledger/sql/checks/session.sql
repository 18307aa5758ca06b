-- SPDX-License-Identifier: Apache-2.0
-- Sessions in which the needle touched the skin, and what they lack.
--
-- @proofs text, of the profile: what the profile asks for, separated by blanks: consent, screening, signature,
--   disposal

WITH treated AS (
  SELECT session, 'session ' || session AS subject, date(utc_us / 1000000, 'unixepoch') AS since, outcome,
    ' ' || @proofs || ' ' AS wanted
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
SELECT 'session-signature', subject, 'the signature', since
FROM treated
WHERE instr(wanted, ' signature ') > 0 AND outcome NOT IN ('signed', 'open')
UNION ALL
SELECT 'session-disposal', subject, 'what became of its cartridges', since
FROM treated
WHERE instr(wanted, ' disposal ') > 0
  AND outcome != 'open'
  AND EXISTS (SELECT 1 FROM unit WHERE unit.session = treated.session AND container IS NULL);
