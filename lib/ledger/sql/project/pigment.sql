-- SPDX-License-Identifier: Apache-2.0
-- How records of pigments change the tables.

-- record pigment.received
INSERT INTO pigment_stock(
  brand, colour, lot, expiry, quantity, volume_ml, supplier, purpose, received_us, seq)
VALUES (@brand, @colour, @lot, @expiry, @quantity, @volume_ml, @supplier, @purpose, @utc_us, @seq)
ON CONFLICT DO UPDATE
SET quantity = quantity + @quantity, received_us = @utc_us, seq = @seq, volume_ml = coalesce(@volume_ml, volume_ml),
  supplier = coalesce(@supplier, supplier), purpose = coalesce(@purpose, purpose);

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
