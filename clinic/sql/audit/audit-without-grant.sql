-- SPDX-License-Identifier: Apache-2.0
-- Claims since a station is enrolled that name no grant of the registry. Whether a grant is right is for the auditor's
-- program, which reads the registry's log.
-- $1: not used here: how many days a station may be silent

SELECT json_build_object('finding', 'without-grant', 'station', name, 'record', seq + 1, 'says',
    format('%s was claimed on %s without a grant of the registry', unit, audit_utc(utc)))
FROM record
JOIN station USING (station)
WHERE kind = 'needle.claimed'
  AND utc > enrolled
  AND audit_leaf(leaf) #> '{body,grant}' IS NULL
  AND $1::bigint IS NOT NULL
ORDER BY name, seq
LIMIT 1000;
