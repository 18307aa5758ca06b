-- SPDX-License-Identifier: Apache-2.0
-- One lot of cartridges, or several if products share the lot number.
--
-- @lot text, needed: the number of a lot, in capitals or not
-- @gtin text: the GTIN of the product

WITH correcting AS (
  SELECT made.seq AS whose, field, new, correction.seq
  FROM correction
  CROSS JOIN record ON record.seq = corrects
  CROSS JOIN lot AS made ON made.lot = json_extract(CAST(leaf AS TEXT), '$.body.lot')
    AND (
      json_extract(CAST(leaf AS TEXT), '$.body.gtin') IS NULL
        OR made.gtin IN (json_extract(CAST(leaf AS TEXT), '$.body.gtin'), ''))
  WHERE kind IN ('lot.received', 'lot.status', 'lot.certificate')),
corrections AS (
  SELECT whose, json_group_object(field, iif(@impersonal,
      (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
    AS corrected
  FROM (SELECT whose, field, new, max(seq) AS newest FROM correcting GROUP BY whose, field)
  GROUP BY whose)
SELECT gtin, lot, product, configuration, maker, expiry, quantity, used, quantity - used AS "left", low_stock,
  serialised, status,
  (SELECT coalesce(
     (SELECT json_extract(data, '$.reason') FROM personal WHERE personal.seq = said.seq),
     json_extract(CAST(said.leaf AS TEXT), '$.body.reason'))
   FROM record AS said
   WHERE said.seq = status_seq)
    AS "status_reason:personal",
  status_us AS "changed:utc", supplier, purchase, certificate, certificate_file, certificate_sha256, membrane,
  membrane_reference, received_us AS "received:utc", seq, corrected AS "corrected:json"
FROM lot
LEFT JOIN corrections ON whose = lot.seq
WHERE lot = @lot COLLATE NOCASE
  AND (@gtin IS NULL OR gtin = @gtin)
ORDER BY gtin;
