-- SPDX-License-Identifier: Apache-2.0
-- The current certificates of operators, by number. A renewed certificate gets a new number, so that a reader who
-- goes page by page does not miss it.
--
-- @badge text: a badge, in capitals or not
-- @certificate text: the name of a certificate
-- @from time: expiring from then on
-- @to time: expiring before then
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT badge, certificate, issuer, number,
  (SELECT json_extract(CAST(leaf AS TEXT), '$.body.expiry') FROM record WHERE record.seq = certification.seq) AS expiry,
  seq,
  CASE
    WHEN EXISTS (SELECT 1 FROM correction WHERE corrects = certification.seq) THEN (
      SELECT json_group_object(
        field,
        iif(
          @impersonal,
          (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
      FROM (SELECT field, new, max(seq) AS newest
            FROM correction
            WHERE corrects = certification.seq
            GROUP BY field))
    END AS "corrected:json"
FROM certification
WHERE (@badge IS NULL OR badge = @badge COLLATE NOCASE)
  AND (@certificate IS NULL OR certificate = @certificate)
  AND (@from IS NULL OR expiry >= date(@from / 1000000, 'unixepoch'))
  AND (@to IS NULL OR expiry < date(@to / 1000000, 'unixepoch'))
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
