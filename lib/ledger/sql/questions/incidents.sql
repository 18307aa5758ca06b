-- SPDX-License-Identifier: Apache-2.0
-- The incidents, as first recorded. Conditions are on what holds now, as is until when one is reported.
--
-- @from time: recorded from then on
-- @to time: recorded before then
-- @subject text: a pseudonym, in capitals or not
-- @incident text: adverse-reaction, sharps-injury or complication
-- @severity text: minor, moderate or severe
-- @operator text: a badge, in capitals or not
-- @session number: the number of a session
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT seq, utc_us AS "time:utc", operator, session, subject,
  (SELECT json_extract(CAST(leaf AS TEXT), '$.body.incident') FROM record WHERE record.seq = incident.seq) AS incident,
  (SELECT json_extract(CAST(leaf AS TEXT), '$.body.severity') FROM record WHERE record.seq = incident.seq) AS severity,
  text AS "text:personal",
  device AS "device:personal", area AS "area:personal",
  (SELECT json_extract(CAST(leaf AS TEXT), '$.body.occurred') FROM record WHERE record.seq = incident.seq) AS occurred,
  treatment AS "treatment:personal",
  referral AS "referral:personal",
  (SELECT json_extract(data, '$.site') FROM personal WHERE personal.seq = incident.seq) AS "site:personal",
  (SELECT json_extract(CAST(leaf AS TEXT), '$.body.known') FROM record WHERE record.seq = incident.seq) AS known,
  (SELECT json_extract(data, '$.sought') FROM personal WHERE personal.seq = incident.seq) AS "sought:personal",
  report_to, due, sent_us AS "sent:utc",
  (SELECT json_extract(CAST(leaf AS TEXT), '$.body.report_form') FROM record WHERE record.seq = incident.seq)
    AS report_form,
  CASE
    WHEN EXISTS (SELECT 1 FROM correction WHERE corrects = incident.seq) THEN (
      SELECT json_group_object(
        field,
        iif(
          @impersonal,
          (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
      FROM (SELECT field, new, max(seq) AS newest FROM correction WHERE corrects = incident.seq GROUP BY field))
    END AS "corrected:json"
FROM incident
WHERE (@from IS NULL OR utc_us >= @from)
  AND (@to IS NULL OR utc_us < @to)
  AND (@subject IS NULL OR subject = @subject COLLATE NOCASE)
  AND (@incident IS NULL OR incident = @incident)
  AND (@severity IS NULL OR severity = @severity)
  AND (@operator IS NULL OR operator = @operator COLLATE NOCASE)
  AND (@session IS NULL OR session = @session)
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
