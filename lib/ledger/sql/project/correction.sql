-- SPDX-License-Identifier: Apache-2.0
-- How records of corrections and erasures change the tables.

-- record record.corrected
INSERT INTO correction(seq, utc_us, operator, corrects, field, old, new, why)
VALUES (
  @seq, @utc_us, @actor, @corrects, @field, coalesce(@old, ''), coalesce(@new, ''), coalesce(@why, ''));

-- What was left out of a steriliser or of a cycle, and is added, counts from then on as if it had been entered: what
-- stands in a column is never replaced.
UPDATE sterilizer SET class = @new WHERE seq = @corrects AND @field = 'class' AND class IS NULL;
UPDATE cycle SET mechanical = @new WHERE seq = @corrects AND @field = 'mechanical' AND mechanical IS NULL;
UPDATE cycle SET integrator = @new WHERE seq = @corrects AND @field = 'integrator' AND integrator IS NULL;
UPDATE cycle SET chemical = @new WHERE seq = @corrects AND @field = 'chemical' AND chemical IS NULL;
UPDATE cycle
SET pressure_kpa = CAST(@new AS REAL)
WHERE seq = @corrects AND @field = 'pressure_kpa' AND pressure_kpa IS NULL;
UPDATE cycle SET dry_s = CAST(@new AS REAL) WHERE seq = @corrects AND @field = 'dry_s' AND dry_s IS NULL;
UPDATE cycle SET load = @new WHERE seq = @corrects AND @field = 'load' AND load IS NULL;
INSERT OR IGNORE INTO cycle_item(cycle_seq, item)
SELECT @corrects, CAST(value AS TEXT)
FROM json_each(iif(@field = 'contents' AND json_valid(@new), @new, '[]'))
WHERE NOT EXISTS (SELECT 1 FROM cycle_item WHERE cycle_seq = @corrects)
  AND EXISTS (SELECT 1 FROM cycle WHERE seq = @corrects);

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
