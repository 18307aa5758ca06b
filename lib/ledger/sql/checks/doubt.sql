-- SPDX-License-Identifier: Apache-2.0
-- People on whom a load was used that a failed biological test puts in doubt, while no record says that anybody was
-- told. questions/doubt.sql has the same rule for which loads are in doubt.
--
-- @proofs text, of the profile: what the profile asks for, separated by blanks: notified

SELECT DISTINCT 'doubt' AS rule, 'subject ' || subject AS subject,
  'who was told of test ' || indicator_test.seq || ', which failed: treated from cycle ' || cycle.cycle
    || iif(cycle.series > 1, ' (series ' || cycle.series || ')', '') || ' of steriliser ' || cycle.sterilizer
    AS missing,
  date(record.utc_us / 1000000, 'unixepoch') AS since
FROM indicator_test
JOIN cycle ON cycle.sterilizer = indicator_test.sterilizer
  AND cycle.started_us > coalesce(
    (SELECT max(tested_us)
     FROM indicator_test AS pass
     WHERE pass.sterilizer = indicator_test.sterilizer
       AND pass.result = 'pass'
       AND pass.tested_us < indicator_test.tested_us), 0)
  AND cycle.started_us < coalesce(
    (SELECT min(tested_us)
     FROM indicator_test AS pass
     WHERE pass.sterilizer = indicator_test.sterilizer
       AND pass.result = 'pass'
       AND pass.tested_us > indicator_test.tested_us), 9223372036854775807)
JOIN handpiece_use ON cycle_seq = cycle.seq
JOIN record ON record.seq = handpiece_use.seq
JOIN session ON session.session = record.session
WHERE result = 'fail'
  AND instr(' ' || @proofs || ' ', ' notified ') > 0
  AND NOT EXISTS (
    SELECT 1
    FROM record
    WHERE kind = 'indicator.followed-up'
      AND json_extract(CAST(leaf AS TEXT), '$.body.test') = indicator_test.seq
      AND coalesce(
        json_extract(CAST(leaf AS TEXT), '$.body.told'),
        json_extract(CAST(leaf AS TEXT), '$.body.notified'),
        (SELECT 1 FROM correction WHERE corrects = record.seq AND field = 'notified' LIMIT 1)) IS NOT NULL);
