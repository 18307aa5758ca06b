-- SPDX-License-Identifier: Apache-2.0
-- Consents, given or withdrawn, and what else clients signed.
--
-- @from time: recorded from then on
-- @to time: recorded before then
-- @session number: the number of a session
-- @subject text: a pseudonym, in capitals or not
-- @consent text: treatment, photographs, aftercare or needles-sealed
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT seq, utc_us AS "time:utc", session,
  (SELECT subject FROM session WHERE session.session = record.session) AS subject,
  coalesce(
    json_extract(CAST(leaf AS TEXT), '$.body.consent'), json_extract(CAST(leaf AS TEXT), '$.body.statement'))
    AS consent,
  json_extract(CAST(leaf AS TEXT), '$.body.version') AS version,
  iif(coalesce(json_extract(CAST(leaf AS TEXT), '$.body.given'), 1), 'true', 'false') AS "given:json",
  json_extract(CAST(leaf AS TEXT), '$.body.signed_on') AS signed_on,
  json_extract(CAST(leaf AS TEXT), '$.body.language') AS language,
  json_extract(CAST(leaf AS TEXT), '$.body.text_sha256') AS text_sha256,
  json_extract(CAST(leaf AS TEXT), '$.actor') AS actor,
  CASE
    WHEN EXISTS (SELECT 1 FROM correction WHERE corrects = record.seq) THEN (
      SELECT json_group_object(
        field,
        iif(
          @impersonal,
          (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
      FROM (SELECT field, new, max(seq) AS newest FROM correction WHERE corrects = record.seq GROUP BY field))
    END AS "corrected:json"
FROM record
WHERE kind IN ('session.consent', 'session.statement')
  AND (@from IS NULL OR seq >= (SELECT min(first_seq) FROM record_day WHERE day >= @from / 86400000000)
      AND utc_us >= @from)
  AND (@to IS NULL OR seq <= (SELECT max(last_seq) FROM record_day WHERE day <= @to / 86400000000)
      AND utc_us < @to)
  AND (@session IS NULL OR session = @session)
  AND (@subject IS NULL OR
      (SELECT subject FROM session WHERE session.session = record.session) = @subject COLLATE NOCASE)
  AND (@consent IS NULL OR coalesce(
        json_extract(CAST(leaf AS TEXT), '$.body.consent'),
        json_extract(CAST(leaf AS TEXT), '$.body.statement')) = @consent)
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
