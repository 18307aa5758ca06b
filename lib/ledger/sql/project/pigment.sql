-- SPDX-License-Identifier: Apache-2.0
-- How records of pigments change the tables.

-- record pigment.received
INSERT INTO pigment_stock(
  brand, colour, lot, expiry, quantity, volume_ml, supplier, purpose, ingredients, received_us, seq)
VALUES (
  @brand, @colour, @lot, @expiry, @quantity, @volume_ml, @supplier, @purpose, @ingredients, @utc_us, @seq)
ON CONFLICT DO UPDATE
SET quantity = quantity + @quantity, received_us = @utc_us, seq = @seq, volume_ml = coalesce(@volume_ml, volume_ml),
  supplier = coalesce(@supplier, supplier), purpose = coalesce(@purpose, purpose),
  ingredients = coalesce(@ingredients, ingredients);

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
UPDATE pigment_stock
SET status = @status, status_seq = @seq, status_us = @utc_us
WHERE lot = @lot AND (@brand IS NULL OR brand = @brand) AND (@colour IS NULL OR colour = @colour);

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
