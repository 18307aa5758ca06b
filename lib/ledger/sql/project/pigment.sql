-- SPDX-License-Identifier: Apache-2.0
-- How records of pigments change the tables.

-- record pigment.received
INSERT INTO pigment_stock(
  brand, colour, lot, expiry, quantity, volume_ml, supplier, purpose, ingredients, received_us, seq)
VALUES (
  @brand, @colour, @lot, @expiry, @quantity, @volume_ml, @supplier, @purpose, @ingredients, @utc_us, @seq)
ON CONFLICT DO UPDATE
SET quantity = quantity + @quantity, received_us = @utc_us, seq = @seq,
  expiry = iif(@from IS NULL, expiry, min(expiry, @expiry)), volume_ml = coalesce(@volume_ml, volume_ml),
  supplier = coalesce(@supplier, supplier), purpose = coalesce(@purpose, purpose),
  ingredients = coalesce(@ingredients, ingredients);
UPDATE pigment_stock
SET status_us = @utc_us,
  (status, status_seq) = (
    SELECT max(status), max(bar.seq)
    FROM bar
    WHERE pigment AND bar.lot = @lot AND coalesce(bar.brand, @brand) = @brand
      AND coalesce(bar.colour, @colour) = @colour)
WHERE lot = @lot
  AND brand = @brand
  AND colour = @colour
  AND status = 'released'
  AND EXISTS (
    SELECT 1
    FROM bar
    WHERE pigment AND bar.lot = @lot AND station IS NOT NULL AND coalesce(bar.brand, @brand) = @brand
      AND coalesce(bar.colour, @colour) = @colour);

-- record pigment.labelled
UPDATE pigment_stock
SET label = @result, label_seq = @seq
WHERE lot = @lot AND (@brand IS NULL OR brand = @brand) AND (@colour IS NULL OR colour = @colour);

-- record pigment.opened
INSERT INTO pigment_opening(seq, brand, colour, lot, opened, days, use_by)
SELECT @seq, brand, colour, lot, @opened, @days, @use_by
FROM pigment_stock
WHERE lot = @lot AND (@brand IS NULL OR brand = @brand) AND (@colour IS NULL OR colour = @colour);

-- record pigment.sheet
INSERT INTO pigment_sheet(seq, brand, colour, file, sha256) VALUES (@seq, @brand, @colour, @file, @sha256);

-- record recall.listed
INSERT INTO recall_list(sha256, authority, issued, reference, entries, seq)
VALUES (@sha256, @authority, @issued, @reference, @entries, @seq);

-- record pigment.status
-- As lot.status of inventory.sql.
UPDATE pigment_stock
SET status = @status, status_seq = @seq, status_us = @utc_us
WHERE @from IS NULL
  AND lot = @lot
  AND (@brand IS NULL OR brand = @brand)
  AND (@colour IS NULL OR colour = @colour);
INSERT INTO bar(seq, pigment, lot, brand, colour, status, station, number)
SELECT @seq, 1, @lot, @brand, @colour, @status, substr(@from, 1, instr(@from, ' ') - 1),
  CAST(substr(@from, instr(@from, ' ') + 1) AS INTEGER)
WHERE @status <> 'released';
DELETE FROM bar
WHERE @status = 'released'
  AND pigment
  AND lot = @lot
  AND CASE
    WHEN @from IS NULL THEN
      (@brand IS NULL OR brand IS NULL OR brand = @brand)
        AND (@colour IS NULL OR colour IS NULL OR colour = @colour)
    WHEN @lifts IS NULL THEN
      station = substr(@from, 1, instr(@from, ' ') - 1)
        AND number < CAST(substr(@from, instr(@from, ' ') + 1) AS INTEGER)
    ELSE
      coalesce(station, (SELECT clinic_member.station FROM clinic_member)) || ' ' || coalesce(number, seq) IN (
        SELECT value FROM json_each(@lifts))
  END;
UPDATE pigment_stock
SET status_us = @utc_us,
  (status, status_seq) = (
    SELECT coalesce(max(status), 'released'), coalesce(max(bar.seq), @seq)
    FROM bar
    WHERE pigment AND bar.lot = @lot AND coalesce(bar.brand, pigment_stock.brand) = pigment_stock.brand
      AND coalesce(bar.colour, pigment_stock.colour) = pigment_stock.colour)
WHERE @from IS NOT NULL
  AND lot = @lot
  AND (@brand IS NULL OR brand = @brand)
  AND (@colour IS NULL OR colour = @colour);

-- record pigment.blended
INSERT INTO pigment_blend(blend, colour, expiry, operator, utc_us, seq)
VALUES (@blend, @colour, @expiry, @actor, @utc_us, @seq);
INSERT INTO pigment_part(blend, brand, colour, lot, parts)
SELECT @blend, json_extract(value, '$.brand'), json_extract(value, '$.colour'), json_extract(value, '$.lot'),
  json_extract(value, '$.parts')
FROM json_each(@parts);

-- record pigment.loaded
INSERT INTO pigment_use(seq, session, brand, colour, lot, expiry, utc_us)
VALUES (@seq, @session, @brand, @colour, @lot, @expiry, @utc_us);
