-- SPDX-License-Identifier: Apache-2.0
-- Sterile handpieces: from which cycle, until when, and why one is blocked.
--
-- @from time: sterilised from then on
-- @to time: sterilised before then
-- @handpiece text: the name of a handpiece, in capitals or not
-- @sterilizer text: the name of a steriliser, in capitals or not
-- @after text: the handpiece of the last row of the page before
-- @limit number: at most so many rows

SELECT handpiece, cycle.sterilizer, cycle.cycle, cycle.series, started_us AS "started:utc", sterile_until,
  blocked, used_seq,
  CASE
    WHEN EXISTS (SELECT 1 FROM correction WHERE corrects IN (cycle.seq, released_seq, rejected_seq)) THEN (
      SELECT json_group_object(
        field,
        iif(
          @impersonal,
          (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
      FROM (SELECT field, new, max(seq) AS newest
            FROM correction
            WHERE corrects IN (cycle.seq, released_seq, rejected_seq)
            GROUP BY field))
    END AS "corrected:json"
FROM handpiece_sterile
JOIN cycle ON cycle.seq = cycle_seq
WHERE (@from IS NULL OR started_us >= @from)
  AND (@to IS NULL OR started_us < @to)
  AND (@handpiece IS NULL OR handpiece = @handpiece COLLATE NOCASE)
  AND (@sterilizer IS NULL OR cycle.sterilizer = @sterilizer COLLATE NOCASE)
  AND (@after IS NULL OR handpiece > @after)
ORDER BY handpiece
LIMIT coalesce(@limit, -1);
