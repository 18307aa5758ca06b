-- SPDX-License-Identifier: Apache-2.0
-- What is asked when a ledger is opened.

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
