-- SPDX-License-Identifier: Apache-2.0
-- What is left of the lots that are not used up, and whether it is low.
--
-- @from time: received from then on
-- @to time: received before then
-- @status text: quarantined, recalled or released
-- @gtin text: the GTIN of the product
-- @product text: the product
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

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
SELECT gtin, lot, product, configuration, expiry, status, quantity - used AS "left", low_stock,
  quantity - used <= low_stock AS low, received_us AS "received:utc", seq, corrected AS "corrected:json"
FROM lot
LEFT JOIN corrections ON whose = lot.seq
WHERE used < quantity
  AND (@from IS NULL OR received_us >= @from)
  AND (@to IS NULL OR received_us < @to)
  AND (@status IS NULL OR status = @status)
  AND (@gtin IS NULL OR gtin = @gtin)
  AND (@product IS NULL OR product = @product)
  AND (@after IS NULL OR coalesce((coalesce(product, ''), coalesce(configuration, ''), expiry, lot, gtin)
      > (SELECT coalesce(product, ''), coalesce(configuration, ''), expiry, lot, gtin
        FROM lot WHERE seq = @after), @after = 0))
ORDER BY coalesce(product, ''), coalesce(configuration, ''), expiry, lot, gtin
LIMIT coalesce(@limit, -1);
