-- SPDX-License-Identifier: Apache-2.0
-- Queries for opening a ledger, and for rebuilding its tables.

-- statement administrators
SELECT count(*)
FROM operator
WHERE revoked_us IS NULL AND roles LIKE '%"administrator"%';

-- statement names_of_station
-- The station's names on record. Found by kind and by number, without reading the whole ledger.
SELECT coalesce(
  (SELECT json_extract(CAST(leaf AS TEXT), '$.body.clinic') || '/' || json_extract(CAST(leaf AS TEXT), '$.body.station')
   FROM record
   WHERE kind = 'station.renamed'
   ORDER BY seq DESC
   LIMIT 1),
  (SELECT json_extract(CAST(leaf AS TEXT), '$.station') FROM record ORDER BY seq DESC LIMIT 1));

-- statement administrator_pin
-- The PIN hash of an administrator whose badge is valid.
SELECT pin
FROM operator
WHERE badge = @badge
  AND revoked_us IS NULL
  AND EXISTS (SELECT 1 FROM json_each(operator.roles) WHERE value = 'administrator');

-- statement records_and_words
-- For a rebuild of the tables. @after: the records up to this one are in them already.
SELECT record.seq, kind, utc_us, leaf, data
FROM record
LEFT JOIN personal USING(seq)
WHERE record.seq > @after
ORDER BY record.seq;
