-- SPDX-License-Identifier: Apache-2.0
-- The loads that a failed biological test puts in doubt (those between the passed tests before and after it), their
-- items, and the people on whom these were used. checks/doubt.sql has the same rule.
--
-- @from time: tested from then on
-- @to time: tested before then
-- @test number: the number of the record of a test
-- @sterilizer text: the name of a steriliser, in capitals or not
-- @handpiece text: the name of a handpiece, in capitals or not
-- @subject text: a pseudonym, in capitals or not
-- @after number: the row of the last row of the page before
-- @limit number: at most so many rows

SELECT *,
  CASE
    WHEN rejected_by IS NOT NULL THEN 'rejected'
    WHEN "cleared:utc" IS NULL THEN 'in doubt' ELSE 'cleared' END AS state
FROM (SELECT row_number() OVER (ORDER BY test.seq, cycle.started_us, cycle.seq, item, record.seq) AS row,
        test.seq AS test, test.sterilizer, test.tested_us AS "tested:utc",
        (SELECT min(seq)
         FROM indicator_test AS pass
         WHERE pass.sterilizer = test.sterilizer AND pass.result = 'pass' AND pass.tested_us > test.tested_us)
          AS passed,
        test.followed_seq AS follow_up, cycle.cycle, cycle.series, cycle.load,
        cycle.started_us AS "started:utc", item AS handpiece, record.session, session.subject,
        record.utc_us AS "used:utc",
        (SELECT min(tested_us)
         FROM indicator_test AS pass
         WHERE pass.sterilizer = test.sterilizer AND pass.result = 'pass' AND pass.tested_us > test.tested_us)
          AS "cleared:utc",
        (SELECT coalesce(
           (SELECT json_extract(data, '$.action') FROM personal WHERE personal.seq = named.seq),
           json_extract(CAST(named.leaf AS TEXT), '$.body.action'))
         FROM record AS named
         WHERE named.seq = test.followed_seq)
          AS "action:personal",
        (SELECT utc_us FROM record AS named WHERE named.seq = rejected_seq) AS "rejected:utc",
        (SELECT json_extract(CAST(leaf AS TEXT), '$.actor') FROM record AS named WHERE named.seq = rejected_seq)
          AS rejected_by,
        (SELECT coalesce(
           (SELECT json_extract(data, '$.reason') FROM personal WHERE personal.seq = named.seq),
           json_extract(CAST(named.leaf AS TEXT), '$.body.reason'))
         FROM record AS named
         WHERE named.seq = rejected_seq)
          AS "rejected_reason:personal",
        (SELECT blocked
         FROM handpiece_sterile AS held
         WHERE held.handpiece = item AND held.cycle_seq = cycle.seq)
          AS blocked,
        CASE
          WHEN EXISTS (
            SELECT 1
            FROM correction
            WHERE corrects IN (
              test.seq, test.followed_seq, cycle.seq,
              (SELECT seq
               FROM record AS begun
               WHERE begun.session = record.session AND kind = 'session.begun'
               ORDER BY seq
               LIMIT 1))) THEN (
            SELECT json_group_object(
              field,
              iif(
                @impersonal,
                (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest),
                new))
            FROM (SELECT field, new, max(seq) AS newest
                  FROM correction
                  WHERE corrects IN (
                    test.seq, test.followed_seq, cycle.seq,
                    (SELECT seq
                     FROM record AS begun
                     WHERE begun.session = record.session AND kind = 'session.begun'
                     ORDER BY seq
                     LIMIT 1))
                  GROUP BY field))
          END AS "corrected:json"
      FROM indicator_test AS test
      JOIN cycle ON cycle.sterilizer = test.sterilizer
        AND cycle.started_us > coalesce(
          (SELECT max(tested_us)
           FROM indicator_test AS pass
           WHERE pass.sterilizer = test.sterilizer AND pass.result = 'pass' AND pass.tested_us < test.tested_us
          ),
          0)
        AND cycle.started_us < coalesce(
          (SELECT min(tested_us)
           FROM indicator_test AS pass
           WHERE pass.sterilizer = test.sterilizer AND pass.result = 'pass' AND pass.tested_us > test.tested_us
          ),
          9223372036854775807)
      LEFT JOIN cycle_item ON cycle_item.cycle_seq = cycle.seq
      LEFT JOIN handpiece_use ON handpiece_use.cycle_seq = cycle.seq AND handpiece_use.handpiece = item
      LEFT JOIN record ON record.seq = handpiece_use.seq
      LEFT JOIN session ON session.session = record.session
      WHERE test.result = 'fail')
WHERE (@from IS NULL OR "tested:utc" >= @from)
  AND (@to IS NULL OR "tested:utc" < @to)
  AND (@test IS NULL OR test = @test)
  AND (@sterilizer IS NULL OR sterilizer = @sterilizer COLLATE NOCASE)
  AND (@handpiece IS NULL OR handpiece = @handpiece COLLATE NOCASE)
  AND (@subject IS NULL OR subject = @subject COLLATE NOCASE)
  AND (@after IS NULL OR row > @after)
ORDER BY row
LIMIT coalesce(@limit, -1);
