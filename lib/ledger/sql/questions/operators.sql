-- SPDX-License-Identifier: Apache-2.0
-- The operators, their roles, and whether the badge is still valid.
--
-- @from time: enrolled from then on
-- @to time: enrolled before then
-- @badge text: a badge, in capitals or not
-- @role text: one of the roles
-- @state text: one of the states
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

WITH correcting AS (
  SELECT json_extract(CAST(leaf AS TEXT), '$.body.badge') AS whose, field, new, correction.seq
  FROM correction
  CROSS JOIN record ON record.seq = corrects
  WHERE kind IN ('operator.enrolled', 'operator.roles', 'operator.revoked')),
corrections AS (
  SELECT whose, json_group_object(field, iif(@impersonal,
      (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
    AS corrected
  FROM (SELECT whose, field, new, max(seq) AS newest FROM correcting GROUP BY whose, field)
  GROUP BY whose)
SELECT badge, name AS "name:personal", roles AS "roles:json",
  iif(revoked_us IS NULL, 'active', 'revoked') AS state,
  (SELECT utc_us FROM record WHERE record.seq = operator.seq) AS "enrolled:utc", revoked_us AS "revoked:utc",
  (SELECT coalesce(
     (SELECT json_extract(data, '$.reason') FROM personal WHERE personal.seq = said.seq),
     json_extract(CAST(said.leaf AS TEXT), '$.body.reason'))
   FROM record AS said
   WHERE said.seq = revoked_seq)
    AS "reason:personal",
  seq, corrected AS "corrected:json"
FROM operator
LEFT JOIN corrections ON whose = badge
WHERE (@from IS NULL OR (SELECT utc_us FROM record WHERE record.seq = operator.seq) >= @from)
  AND (@to IS NULL OR (SELECT utc_us FROM record WHERE record.seq = operator.seq) < @to)
  AND (@badge IS NULL OR badge = @badge COLLATE NOCASE)
  AND (@role IS NULL OR EXISTS(SELECT 1 FROM json_each(roles) WHERE value = @role))
  AND (@state IS NULL OR iif(revoked_us IS NULL, 'active', 'revoked') = @state)
  AND (@after IS NULL OR coalesce(badge > (SELECT badge FROM operator WHERE seq = @after), @after = 0))
ORDER BY badge
LIMIT coalesce(@limit, -1);
