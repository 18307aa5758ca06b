-- SPDX-License-Identifier: Apache-2.0
-- How records of corrections and erasures change the tables.

-- record record.corrected
INSERT INTO correction(seq, utc_us, operator, corrects, field, old, new, why)
VALUES (
  @seq, @utc_us, @actor, @corrects, @field, coalesce(@old, ''), coalesce(@new, ''), coalesce(@why, ''));

-- These tables have what holds now, also of what was left out and is added; the record keeps what was first said. No
-- later load or test depends on a value that was replaced. A load that was released stays so, but what is in it must be
-- sterilised again once its results, figures or contents no longer make it sterile.
UPDATE handpiece_sterile
SET blocked = 'its load was corrected after its release: sterilise it again', test_seq = NULL
FROM cycle
WHERE cycle.seq = cycle_seq
  AND @corrects IN (cycle.seq, released_seq)
  AND rejected_seq IS NULL
  AND CASE @field
    WHEN 'temperature_c' THEN CAST(@new AS REAL) < temperature_c
    WHEN 'exposure_s' THEN CAST(@new AS REAL) < exposure_s
    WHEN 'pressure_kpa' THEN CAST(@new AS REAL) < pressure_kpa
    WHEN 'program' THEN @new <> program COLLATE NOCASE
    ELSE @field IN ('mechanical', 'integrator', 'chemical') AND @new = 'fail'
  END;
UPDATE cycle
SET mechanical = iif(@field = 'mechanical', @new, mechanical),
  integrator = iif(@field = 'integrator', @new, integrator), chemical = iif(@field = 'chemical', @new, chemical)
WHERE @corrects IN (seq, released_seq) AND @field IN ('mechanical', 'integrator', 'chemical');
UPDATE cycle
SET cycle = iif(@field = 'cycle', CAST(@new AS INTEGER), cycle), load = iif(@field = 'load', @new, load),
  program = iif(@field = 'program', @new, program),
  temperature_c = iif(@field = 'temperature_c', CAST(@new AS REAL), temperature_c),
  exposure_s = iif(@field = 'exposure_s', CAST(@new AS REAL), exposure_s),
  pressure_kpa = iif(@field = 'pressure_kpa', CAST(@new AS REAL), pressure_kpa),
  dry_s = iif(@field = 'dry_s', CAST(@new AS REAL), dry_s),
  started_us = iif(@field = 'started', CAST(strftime('%s', @new) AS INTEGER) * 1000000, started_us)
WHERE seq = @corrects;
UPDATE handpiece_sterile
SET sterile_until = date(
  @new,
  '+'
    || (SELECT json_extract(CAST(leaf AS TEXT), '$.body.sterile_days')
        FROM cycle
        JOIN record ON record.seq = released_seq
        WHERE cycle.seq = cycle_seq)
    || ' days')
WHERE cycle_seq = @corrects AND @field = 'started';

-- The contents of a load: those of its cycle and those that came with its release.
DELETE FROM cycle_item
WHERE @field = 'contents'
  AND cycle_seq IN (SELECT seq FROM cycle WHERE @corrects IN (seq, released_seq))
  AND item NOT IN (
    SELECT CAST(value AS TEXT)
    FROM cycle
    JOIN record ON record.seq IN (cycle.seq, released_seq) AND record.seq <> @corrects
    CROSS JOIN json_each(json_extract(CAST(leaf AS TEXT), '$.body.contents'))
    WHERE cycle.seq = cycle_seq);
INSERT OR IGNORE INTO cycle_item(cycle_seq, item)
SELECT cycle.seq, CAST(value AS TEXT)
FROM json_each(iif(@field = 'contents' AND json_valid(@new), @new, '[]'))
CROSS JOIN cycle
WHERE @corrects IN (cycle.seq, released_seq);
UPDATE handpiece_sterile
SET blocked = 'its load was corrected after its release: sterilise it again', test_seq = NULL
WHERE @field = 'contents'
  AND cycle_seq IN (SELECT seq FROM cycle WHERE @corrects IN (seq, released_seq) AND rejected_seq IS NULL)
  AND NOT EXISTS (
    SELECT 1 FROM cycle_item WHERE cycle_item.cycle_seq = handpiece_sterile.cycle_seq AND item = handpiece);

-- Sterilisers, the work on them, and their programs. A steriliser's retest is the newest event that asks for one.
UPDATE sterilizer
SET class = iif(@field = 'class', @new, class), installed = iif(@field = 'installed', @new, installed)
WHERE seq = @corrects;
UPDATE sterilizer_event
SET from_us = CAST(strftime('%s', @new) AS INTEGER) * 1000000
WHERE seq = @corrects AND @field IN ('installed', 'done');
UPDATE sterilizer
SET retest = iif(newest.event = 'installation', 'installation', 'repair'), retest_us = newest.from_us
FROM sterilizer_event AS newest
WHERE @field IN ('installed', 'done')
  AND sterilizer.sterilizer = (SELECT sterilizer FROM sterilizer_event WHERE seq = @corrects)
  AND newest.seq = (
    SELECT seq
    FROM sterilizer_event AS event
    WHERE event.sterilizer = sterilizer.sterilizer AND event IN ('installation', 'repair', 'relocation', 'returned')
    ORDER BY from_us DESC, seq
    LIMIT 1);
UPDATE program
SET program = iif(@field = 'program', @new, program),
  temperature_c = iif(@field = 'temperature_c', CAST(@new AS REAL), temperature_c),
  exposure_s = iif(@field = 'exposure_s', CAST(@new AS REAL), exposure_s),
  pressure_kpa = iif(@field = 'pressure_kpa', CAST(@new AS REAL), pressure_kpa)
WHERE seq = @corrects;
UPDATE counter_reset
SET reset_us = CAST(strftime('%s', @new) AS INTEGER) * 1000000
WHERE seq = @corrects AND @field = 'done';
UPDATE cycle
SET series = -1
  - (SELECT count(*)
     FROM counter_reset
     WHERE counter_reset.sterilizer = cycle.sterilizer AND reset_us <= started_us)
WHERE @field = 'started' AND seq = @corrects
  OR @field = 'done' AND sterilizer = (SELECT sterilizer FROM counter_reset WHERE seq = @corrects);
UPDATE cycle SET series = -series WHERE @field IN ('started', 'done') AND series < 0;

-- Tests of the machine. The figures are those of accept-sterilization.c.
UPDATE equipment_test
SET test = iif(@field = 'method', @new, test), result = iif(@field = 'result', @new, result),
  tested_us = iif(@field = 'tested', CAST(strftime('%s', @new) AS INTEGER) * 1000000, tested_us),
  minutes = iif(@field = 'minutes', CAST(@new AS REAL), minutes),
  rate_kpa_min = iif(@field = 'rate_kpa_min', CAST(@new AS REAL), rate_kpa_min),
  cycle = iif(@field = 'cycle', CAST(@new AS INTEGER), cycle)
WHERE seq = @corrects;
UPDATE equipment_test
SET result = iif(rate_kpa_min <= 0.13 AND minutes >= 10, 'pass', 'fail')
WHERE seq = @corrects AND test = 'leak';

-- Biological tests. What they then say of the loads, the last statement of sterilization.sql says.
UPDATE indicator_test
SET result = iif(@field = 'result', @new, result), control = iif(@field = 'control', @new, control),
  expiry = iif(@field = 'expiry', @new, expiry),
  tested_us = iif(
    @field = 'tested' AND ran_seq IS NULL, CAST(strftime('%s', @new) AS INTEGER) * 1000000, tested_us)
WHERE seq = @corrects;
UPDATE indicator_test
SET tested_us = CAST(strftime('%s', @new) AS INTEGER) * 1000000
WHERE ran_seq = @corrects AND @field = 'started';

-- Certificates of operators. Incidents: @due is until when the right incident is reported, or "none".
UPDATE certification SET expiry = @new WHERE seq = @corrects AND @field = 'expiry';
UPDATE incident
SET incident = iif(@field = 'incident', @new, incident), severity = iif(@field = 'severity', @new, severity),
  occurred = iif(@field = 'occurred', @new, occurred)
WHERE seq = @corrects;
UPDATE incident
SET due = nullif(@due, 'none'),
  due_us = (CAST(strftime('%s', nullif(@due, 'none')) AS INTEGER) + iif(length(@due) = 10, 86400, 0)) * 1000000,
  report_to = iif(
    @due = 'none', NULL,
    (SELECT json_extract(CAST(leaf AS TEXT), '$.body.report_to') FROM record WHERE record.seq = incident.seq))
WHERE seq = @corrects AND @due IS NOT NULL;
UPDATE incident
SET sent_us = CAST(strftime('%s', @new) AS INTEGER) * 1000000
WHERE notified_seq = @corrects AND @field = 'sent';

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
