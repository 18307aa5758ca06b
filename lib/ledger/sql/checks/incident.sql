-- SPDX-License-Identifier: Apache-2.0
-- Incidents that were not reported to the authority in time. The profile of their time says which and until when; a
-- report that came late does not close the gap.
--
-- @today text, of the profile: the day to judge by, YYYY-MM-DD; NULL: that of this machine

SELECT 'incident-report' AS rule, 'incident ' || seq AS subject, 'its report to ' || report_to AS missing,
  date(due) AS since
FROM incident
WHERE notified_seq IS NULL
  AND due_us <= CAST(strftime('%s', coalesce(@today, date('now'))) AS INTEGER) * 1000000
UNION ALL
SELECT 'incident-late', 'incident ' || seq,
  'its report to ' || report_to || ' in time: it was sent on ' || date(sent_us / 1000000, 'unixepoch'), date(due)
FROM incident
WHERE sent_us >= due_us;
