-- SPDX-License-Identifier: Apache-2.0
-- The sessions of a station in which a word is named, or of which a record was corrected, with the number of their records.
-- $1: the station; $2: the words; NULL: none; $3: one more session; NULL: none; $4: the entry after the last

SELECT session, count(*)
FROM record
WHERE station = $1
  AND seq < $4
  AND session IN (
    SELECT session FROM record WHERE station = $1 AND names && $2::text[]
    UNION
    SELECT $3::bigint
    UNION
    SELECT session FROM record WHERE station = $1 AND kind = 'record.corrected'
    UNION
    SELECT corrected.session
    FROM record AS correction
    JOIN record AS corrected
      ON corrected.station = correction.station
        AND corrected.seq = (audit_leaf(correction.leaf) #>> '{body,corrects}')::bigint - 1
    WHERE correction.station = $1 AND correction.kind = 'record.corrected')
GROUP BY session
ORDER BY session;
