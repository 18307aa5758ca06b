-- SPDX-License-Identifier: Apache-2.0
-- What is asked when a ledger is opened, and when its tables are filled anew.

-- statement administrators
SELECT count(*)
FROM operator
WHERE revoked_us IS NULL AND roles LIKE '%"administrator"%';

-- statement names_of_station
-- What the station is called, as the record says. Found by kind and by number: no ledger is read for it.
SELECT coalesce(
  (SELECT json_extract(CAST(leaf AS TEXT), '$.body.clinic') || '/' || json_extract(CAST(leaf AS TEXT), '$.body.station')
   FROM record
   WHERE kind = 'station.renamed'
   ORDER BY seq DESC
   LIMIT 1),
  (SELECT json_extract(CAST(leaf AS TEXT), '$.station') FROM record ORDER BY seq DESC LIMIT 1));

-- statement administrator_pin
-- The hash of the PIN of an administrator whose badge is valid.
SELECT pin
FROM operator
WHERE badge = @badge
  AND revoked_us IS NULL
  AND EXISTS (SELECT 1 FROM json_each(operator.roles) WHERE value = 'administrator');

-- statement records_and_words
-- For filling the tables anew.
SELECT record.seq, kind, utc_us, leaf, data
FROM record
LEFT JOIN personal USING(seq)
ORDER BY record.seq;
