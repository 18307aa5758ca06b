-- SPDX-License-Identifier: Apache-2.0
-- Of these photographs those of sessions on record that no record names. What was there before this ledger, or
-- before a backup took its place, another ledger may have named.
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
