-- SPDX-License-Identifier: Apache-2.0
-- The handpieces, and whether each is sterile.
--
-- @from time: registered from then on
-- @to time: registered before then
-- @handpiece text: the name of a handpiece, in capitals or not
-- @state text: one of the states
-- @model text: the model
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

WITH correcting AS (
  SELECT json_extract(CAST(leaf AS TEXT), '$.body.handpiece') AS whose, field, new, correction.seq
  FROM correction
  CROSS JOIN record ON record.seq = corrects
  WHERE kind IN ('handpiece.registered', 'handpiece.mounted', 'handpiece.retired')),
corrections AS (
  SELECT whose, json_group_object(field, iif(@impersonal,
      (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
    AS corrected
  FROM (SELECT whose, field, new, max(seq) AS newest FROM correcting GROUP BY whose, field)
  GROUP BY whose)
SELECT handpiece, model, handpiece.state, registered_us AS "registered:utc", session,
  mounted_us AS "mounted:utc", mounted_seq, cycle_seq,
  (SELECT sterilizer FROM cycle WHERE cycle.seq = cycle_seq) AS sterilizer, sterile_until, blocked, used_seq, seq,
  corrected AS "corrected:json"
FROM handpiece
LEFT JOIN handpiece_sterile USING(handpiece)
LEFT JOIN corrections ON whose = handpiece
WHERE (@from IS NULL OR registered_us >= @from)
  AND (@to IS NULL OR registered_us < @to)
  AND (@handpiece IS NULL OR handpiece = @handpiece COLLATE NOCASE)
  AND (@state IS NULL OR handpiece.state = @state)
  AND (@model IS NULL OR model = @model)
  AND (@after IS NULL OR coalesce(handpiece > (SELECT handpiece FROM handpiece WHERE seq = @after), @after = 0))
ORDER BY handpiece
LIMIT coalesce(@limit, -1);
