-- SPDX-License-Identifier: Apache-2.0
-- What was found when it came: forks, with both signed checkpoints, and claims of what another station holds.
-- $1: not used here: how many days a station may be silent

SELECT json_build_object('finding', kind, 'station', name, 'record', seq + 1, 'says', format('%s (%s)', says, audit_utc(found)),
    'note', note, 'other_note', other_note)
FROM finding
LEFT JOIN station USING (station)
WHERE $1::bigint IS NOT NULL
ORDER BY finding
LIMIT 1000;
