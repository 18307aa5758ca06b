-- SPDX-License-Identifier: Apache-2.0
-- Of the given photographs, those that belong to sessions on record but that no record names. Photographs from
-- before this ledger, or from before a backup took its place, are left out, because another ledger may name them.
-- For the station alone.
--
-- @files text: a JSON list of {"file", "session", "utc_us"}

SELECT json_extract(value, '$.file') AS file
FROM json_each(@files)
JOIN session ON session.session = json_extract(value, '$.session')
WHERE session.utc_us <= json_extract(value, '$.utc_us')
  AND json_extract(value, '$.utc_us') > (
    SELECT max(utc_us) FROM record WHERE seq = 1 OR kind = 'ledger.restored')
  AND NOT EXISTS (SELECT 1
                  FROM image
                  WHERE image.session = session.session AND image.file = json_extract(value, '$.file'));
