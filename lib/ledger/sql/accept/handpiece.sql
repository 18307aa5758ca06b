-- SPDX-License-Identifier: Apache-2.0
-- Queries that run before a record of handpieces is accepted.

-- statement handpiece_meant
-- The last column: whether the label of its pack, where one was scanned, is of its newest load.
SELECT state, session IS @session, cycle_seq, used_seq, sterile_until, blocked,
  @cycle IS NULL
    OR EXISTS (
      SELECT 1
      FROM cycle
      WHERE seq = cycle_seq AND sterilizer = @sterilizer AND cycle = @cycle AND series = coalesce(@series, 1))
FROM handpiece
LEFT JOIN handpiece_sterile USING(handpiece)
WHERE handpiece = @handpiece;
