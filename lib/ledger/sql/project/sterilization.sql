-- SPDX-License-Identifier: Apache-2.0
-- How records of sterilisation change the tables. Times are those of the steriliser's work, not of the record: a
-- test that is read from the incubator two days later concerns the cycle it ran in. A cycle number refers to the
-- newest series unless the record names another.

-- record sterilizer.registered
INSERT INTO sterilizer(sterilizer, maker, model, serial, installed, class, retest_us, seq)
VALUES (
  @sterilizer, @maker, @model, @serial, @installed, @class, CAST(strftime('%s', @installed) AS INTEGER) * 1000000, @seq);
INSERT INTO sterilizer_event(seq, sterilizer, event, from_us)
VALUES (@seq, @sterilizer, 'installation', CAST(strftime('%s', @installed) AS INTEGER) * 1000000);

-- record sterilizer.serviced
-- If the counter started again, cycles since then count as a new series, including those already on record. They
-- pass through negative numbers, because each series must be unique at every step.
UPDATE sterilizer
SET serviced_us = CAST(strftime('%s', @done) AS INTEGER) * 1000000,
  in_service = CASE @work WHEN 'retired' THEN 0 WHEN 'returned' THEN 1 ELSE in_service END
WHERE sterilizer = @sterilizer;
UPDATE sterilizer
SET retest = 'repair', retest_us = CAST(strftime('%s', @done) AS INTEGER) * 1000000
WHERE sterilizer = @sterilizer
  AND @work IN ('major-repair', 'relocation', 'returned')
  AND retest_us < CAST(strftime('%s', @done) AS INTEGER) * 1000000;
INSERT INTO sterilizer_event(seq, sterilizer, event, from_us)
SELECT @seq, @sterilizer, replace(@work, 'major-', ''), CAST(strftime('%s', @done) AS INTEGER) * 1000000
WHERE @work IN ('major-repair', 'relocation', 'retired', 'returned', 'power-cut');
INSERT INTO counter_reset(seq, sterilizer, reset_us)
SELECT @seq, @sterilizer, CAST(strftime('%s', @done) AS INTEGER) * 1000000
WHERE @counter_reset;
UPDATE cycle
SET series = -series - 1
WHERE @counter_reset
  AND sterilizer = @sterilizer
  AND started_us >= CAST(strftime('%s', @done) AS INTEGER) * 1000000;
UPDATE cycle SET series = -series WHERE @counter_reset AND sterilizer = @sterilizer AND series < 0;

-- record program.registered
INSERT INTO program(seq, sterilizer, program, temperature_c, exposure_s, pressure_kpa)
VALUES (@seq, @sterilizer, @program, @temperature_c, @exposure_s, @pressure_kpa);

-- record cycle.recorded
-- Then adds the contents of the load, if the record names them.
INSERT INTO cycle(
  seq, sterilizer, cycle, load, program, started_us, temperature_c, pressure_kpa, exposure_s, dry_s, mechanical,
  integrator, chemical, operator, curve_sha256, series)
VALUES (
  @seq, @sterilizer, @cycle, @load, @program, CAST(strftime('%s', @started) AS INTEGER) * 1000000, @temperature_c,
  @pressure_kpa, @exposure_s, @dry_s, @mechanical, @integrator, @chemical, @actor, @curve_sha256,
  1 + (SELECT count(*)
       FROM counter_reset
       WHERE sterilizer = @sterilizer AND reset_us <= CAST(strftime('%s', @started) AS INTEGER) * 1000000));
INSERT OR IGNORE INTO cycle_item(cycle_seq, item)
SELECT @seq, CAST(value AS TEXT)
FROM json_each(coalesce(@contents, '[]'));

-- record sterilizer.file
INSERT INTO cycle_file(sha256, file, format, bytes, seq) VALUES (@sha256, @file, @format, @bytes, @seq);

-- record cycle.released
-- A load does not make an item sterile if it is older than the item's last load or last use.
INSERT OR IGNORE INTO cycle_item(cycle_seq, item)
SELECT
  (SELECT seq
   FROM cycle
   WHERE sterilizer = @sterilizer AND cycle = @cycle AND (@series IS NULL OR series = @series)
   ORDER BY series DESC
   LIMIT 1), CAST(value AS TEXT)
FROM json_each(coalesce(@contents, '[]'));
UPDATE cycle
SET released_seq = @seq, released_us = @utc_us, released_by = @actor, mechanical = coalesce(mechanical, @mechanical),
  integrator = coalesce(integrator, @integrator), chemical = coalesce(chemical, @chemical)
WHERE seq = (
  SELECT seq
  FROM cycle
  WHERE sterilizer = @sterilizer AND cycle = @cycle AND (@series IS NULL OR series = @series)
  ORDER BY series DESC
  LIMIT 1);
INSERT INTO handpiece_sterile(handpiece, cycle_seq, sterile_until)
SELECT item, cycle.seq, date(started_us / 1000000, 'unixepoch', '+' || @sterile_days || ' days')
FROM cycle
JOIN cycle_item ON cycle_seq = cycle.seq
WHERE cycle.seq = (
  SELECT seq
  FROM cycle
  WHERE sterilizer = @sterilizer AND cycle = @cycle AND (@series IS NULL OR series = @series)
  ORDER BY series DESC
  LIMIT 1)
ON CONFLICT DO UPDATE
SET cycle_seq = excluded.cycle_seq, sterile_until = excluded.sterile_until, blocked = NULL, used_seq = NULL,
  test_seq = NULL
WHERE (SELECT started_us FROM cycle WHERE seq = excluded.cycle_seq) > max(
  coalesce((SELECT started_us FROM cycle WHERE seq = handpiece_sterile.cycle_seq), 0),
  coalesce((SELECT utc_us FROM record WHERE seq = handpiece_sterile.used_seq), 0));

-- record pack.labelled
INSERT OR IGNORE INTO pack_label(cycle_seq, item, seq)
SELECT
  (SELECT seq
   FROM cycle
   WHERE sterilizer = @sterilizer AND cycle = @cycle AND (@series IS NULL OR series = @series)
   ORDER BY series DESC
   LIMIT 1), CAST(value AS TEXT), @seq
FROM json_each(coalesce(@items, '[]'));

-- record cycle.rejected
UPDATE cycle
SET rejected_seq = @seq
WHERE seq = (
  SELECT seq
  FROM cycle
  WHERE sterilizer = @sterilizer AND cycle = @cycle AND (@series IS NULL OR series = @series)
  ORDER BY series DESC
  LIMIT 1);
UPDATE handpiece_sterile
SET blocked = 'its load was rejected: sterilise it again', test_seq = NULL
WHERE cycle_seq = (
  SELECT seq
  FROM cycle
  WHERE sterilizer = @sterilizer AND cycle = @cycle AND (@series IS NULL OR series = @series)
  ORDER BY series DESC
  LIMIT 1);

-- record penetration.tested
INSERT INTO equipment_test(seq, sterilizer, test, tested_us, result, cycle, operator)
VALUES (@seq, @sterilizer, @method, CAST(strftime('%s', @tested) AS INTEGER) * 1000000, @result, @cycle, @actor);

-- record leak.tested
INSERT INTO equipment_test(
  seq, sterilizer, test, tested_us, result, minutes, rate_kpa_min, cycle, operator)
VALUES (
  @seq, @sterilizer, 'leak', CAST(strftime('%s', @tested) AS INTEGER) * 1000000, @result, @minutes, @rate_kpa_min,
  @cycle, @actor);

-- record indicator.tested
INSERT INTO indicator_test(
  seq, sterilizer, cycle, tested_us, lot, expiry, control, result, incubation_h, laboratory, operator, ran_seq)
SELECT @seq, @sterilizer, @cycle, coalesce(started_us, CAST(strftime('%s', @tested) AS INTEGER) * 1000000), @lot,
  @expiry, @control, @result, @incubation_h, @laboratory, @actor, ran.seq
FROM (SELECT 1)
LEFT JOIN (
  SELECT seq, started_us
  FROM cycle
  WHERE sterilizer = @sterilizer AND cycle = @cycle AND (@series IS NULL OR series = @series)
  ORDER BY series DESC
  LIMIT 1) AS ran;

-- record indicator.tested record.corrected
-- What the tests of a steriliser say of its loads, as they stand: after each test, and after a correction of one or of a
-- cycle's time. A failed test puts those in doubt that ran since the last passed test before it. They wait for one that
-- passes after it; what ran up to that one must then be sterilised again if its profile says so and it was released
-- before. What is blocked for another reason stays so. (The test's own record is written after this.)
WITH concerned AS (
  SELECT sterilizer
  FROM indicator_test
  WHERE seq IN (@seq, iif(@field IN ('result', 'tested'), @corrects, NULL))
  UNION ALL
  SELECT sterilizer FROM cycle WHERE seq = @corrects AND @field = 'started'),
failed AS MATERIALIZED (
  SELECT seq, sterilizer,
    coalesce(
      (SELECT max(tested_us)
       FROM indicator_test AS pass
       WHERE pass.sterilizer = test.sterilizer AND pass.result = 'pass' AND pass.tested_us < test.tested_us), 0)
      AS since_us,
    (SELECT seq
     FROM indicator_test AS pass
     WHERE pass.sterilizer = test.sterilizer AND pass.result = 'pass' AND pass.tested_us > test.tested_us
     ORDER BY tested_us, seq
     LIMIT 1)
      AS passed_seq
  FROM indicator_test AS test
  WHERE result = 'fail' AND sterilizer = (SELECT sterilizer FROM concerned))
UPDATE handpiece_sterile
SET (test_seq, blocked) = (
  SELECT failed.seq,
    iif(
      passed_seq IS NULL,
      'the biological test of steriliser ' || failed.sterilizer || ' failed: its loads wait for one that passes',
      'its load was in doubt after a failed biological test: sterilise it again')
  FROM cycle
  JOIN failed ON failed.sterilizer = cycle.sterilizer AND started_us > since_us
  LEFT JOIN indicator_test AS passed ON passed.seq = passed_seq
  LEFT JOIN record ON record.seq = passed_seq
  WHERE cycle.seq = cycle_seq
    AND (passed_seq IS NULL
      OR started_us <= passed.tested_us
        AND released_seq < passed_seq
        AND iif(passed_seq = @seq, @reprocess, json_extract(CAST(leaf AS TEXT), '$.body.reprocess')))
  ORDER BY failed.seq DESC
  LIMIT 1)
WHERE (blocked IS NULL OR test_seq IS NOT NULL)
  AND cycle_seq IN (SELECT seq FROM cycle WHERE sterilizer = (SELECT sterilizer FROM concerned));

-- record indicator.followed-up
UPDATE indicator_test SET followed_seq = @seq WHERE seq = @test;
