-- SPDX-License-Identifier: Apache-2.0
-- Certificates that operators lack: those who may treat now, and those who treated, on that day. A certificate
-- under another name may be the same one. For a past day, a later certificate or revocation changes nothing.
--
-- @certificates text, of the profile: a JSON list of the certificates that a technician must have
-- @today text, of the profile: the day to judge by, YYYY-MM-DD; NULL: that of this machine

WITH certified AS MATERIALIZED (
  SELECT seq, json_extract(CAST(leaf AS TEXT), '$.body.badge') AS badge,
    json_extract(CAST(leaf AS TEXT), '$.body.certificate') AS certificate,
    json_extract(CAST(leaf AS TEXT), '$.body.expiry') AS expiry, date(utc_us / 1000000, 'unixepoch') AS day
  FROM record
  WHERE kind = 'operator.certified'),
technician AS (
  SELECT badge, wanted.value AS wanted,
    (SELECT expiry
     FROM certification
     WHERE badge = operator.badge AND certificate = wanted.value COLLATE NOCASE
     ORDER BY seq DESC
     LIMIT 1) AS held,
    (SELECT group_concat(certificate, ', ') FROM certification WHERE badge = operator.badge) AS other
  FROM operator
  JOIN json_each(coalesce(@certificates, '[]')) AS wanted
  WHERE revoked_us IS NULL AND instr(roles, 'technician'))
SELECT 'operator-certificate' AS rule, 'operator ' || badge AS subject,
  'the certificate ' || wanted || CASE
    WHEN held IS NOT NULL THEN ', renewed'
    WHEN other IS NOT NULL THEN ' (on record: ' || other || ')'
    ELSE ''
  END AS missing, held AS since
FROM technician
WHERE coalesce(held < coalesce(@today, date('now')), 1)
UNION ALL
SELECT 'session-certificate', 'session ' || session,
  'the certificate ' || wanted.value || ' of operator ' || operator, date(session.utc_us / 1000000, 'unixepoch')
FROM session
JOIN json_each(coalesce(@certificates, '[]')) AS wanted
WHERE strokes > 0
  AND coalesce(
    (SELECT expiry
     FROM certified
     WHERE badge = operator
       AND certificate = wanted.value COLLATE NOCASE
       AND day <= date(session.utc_us / 1000000, 'unixepoch')
     ORDER BY seq DESC
     LIMIT 1) < date(session.utc_us / 1000000, 'unixepoch'), 1);
