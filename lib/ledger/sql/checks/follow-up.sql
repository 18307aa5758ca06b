-- SPDX-License-Identifier: Apache-2.0
-- Failed biological tests, and what was not done about them. A text alone is no follow-up: it must say what was
-- done, with which items (items=none: with none), and who was told. Records of earlier versions name that person in
-- their body. What was left out and is added with a correction counts.
--
-- @proofs text, of the profile: what the profile asks for, separated by blanks: items, notified,
--   authority

WITH failed AS (
  SELECT 'test ' || seq || ' of steriliser ' || sterilizer AS subject,
    date(tested_us / 1000000, 'unixepoch') AS since, seq, followed_seq
  FROM indicator_test
  WHERE result = 'fail'),
followed AS (
  SELECT json_extract(CAST(leaf AS TEXT), '$.body.test') AS test, 'items' AS field
  FROM record
  WHERE kind = 'indicator.followed-up' AND json_extract(CAST(leaf AS TEXT), '$.body.items') IS NOT NULL
  UNION
  SELECT json_extract(CAST(leaf AS TEXT), '$.body.test'), 'notified'
  FROM record
  WHERE kind = 'indicator.followed-up'
    AND coalesce(
      json_extract(CAST(leaf AS TEXT), '$.body.told'),
      json_extract(CAST(leaf AS TEXT), '$.body.notified')) IS NOT NULL
  UNION
  SELECT json_extract(CAST(leaf AS TEXT), '$.body.test'), 'authority'
  FROM record
  WHERE kind = 'indicator.followed-up' AND json_extract(CAST(leaf AS TEXT), '$.body.authority') IS NOT NULL
  UNION
  SELECT json_extract(CAST(leaf AS TEXT), '$.body.test'), field
  FROM correction
  JOIN record ON record.seq = corrects
  WHERE kind = 'indicator.followed-up')
SELECT 'follow-up' AS rule, subject, 'what was done after it failed' AS missing, since
FROM failed
WHERE followed_seq IS NULL
UNION ALL
SELECT 'follow-up', subject, 'the items that were in doubt, or items=none', since
FROM failed
WHERE instr(' ' || @proofs || ' ', ' items ') > 0
  AND NOT EXISTS (SELECT 1 FROM followed WHERE test = failed.seq AND field = 'items')
UNION ALL
SELECT 'follow-up', subject, 'who was notified', since
FROM failed
WHERE instr(' ' || @proofs || ' ', ' notified ') > 0
  AND NOT EXISTS (SELECT 1 FROM followed WHERE test = failed.seq AND field = 'notified')
UNION ALL
SELECT 'follow-up', subject, 'which authority was told', since
FROM failed
WHERE instr(' ' || @proofs || ' ', ' authority ') > 0
  AND NOT EXISTS (SELECT 1 FROM followed WHERE test = failed.seq AND field = 'authority');
