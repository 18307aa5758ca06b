-- SPDX-License-Identifier: Apache-2.0
-- How records of corrections and erasures change the tables.

-- record record.corrected
INSERT INTO correction(seq, utc_us, operator, corrects, field, old, new, why)
VALUES (
  @seq, @utc_us, @actor, @corrects, @field, coalesce(@old, ''), coalesce(@new, ''), coalesce(@why, ''));

-- record personal.erased
-- The record lists records and spellings, so that a replay deletes the same data. Then deletes the tables' copies
-- of text whose record has lost it.
DELETE FROM personal WHERE seq IN (SELECT value FROM json_each(@records));
UPDATE operator SET name = NULL, pin = NULL WHERE badge = @badge OR seq = @record;
UPDATE image
SET erase_seq = @seq
WHERE erase_seq IS NULL
  AND session IN (
    SELECT session
    FROM session
    WHERE subject = @subject OR subject IN (SELECT value FROM json_each(@spellings)));
UPDATE incident
SET text = '', device = NULL, area = NULL, treatment = NULL, referral = NULL
WHERE NOT EXISTS (SELECT 1 FROM personal WHERE personal.seq = incident.seq)
  AND NOT EXISTS (
    SELECT 1
    FROM record
    WHERE record.seq = incident.seq AND json_extract(CAST(leaf AS TEXT), '$.body.text') IS NOT NULL);
UPDATE correction
SET why = ''
WHERE NOT EXISTS (SELECT 1 FROM personal WHERE personal.seq = correction.seq)
  AND NOT EXISTS (
    SELECT 1
    FROM record
    WHERE record.seq = correction.seq AND json_extract(CAST(leaf AS TEXT), '$.body.why') IS NOT NULL);
UPDATE correction
SET old = '', new = ''
WHERE NOT EXISTS (SELECT 1 FROM personal WHERE personal.seq = correction.seq)
  AND NOT EXISTS (
    SELECT 1
    FROM record
    WHERE record.seq = correction.seq AND json_extract(CAST(leaf AS TEXT), '$.body.old') IS NOT NULL);

-- record image.erased
UPDATE image SET erased_seq = @seq WHERE seq = @image;
