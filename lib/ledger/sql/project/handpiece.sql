-- SPDX-License-Identifier: Apache-2.0
-- What records of handpieces change in the tables. Whether one is sterile is in handpiece_sterile
-- (sterilization.sql).

-- record handpiece.registered
INSERT INTO handpiece(handpiece, model, registered_us, state, seq)
VALUES (@handpiece, @model, @utc_us, 'in-service', @seq);

-- record handpiece.mounted
UPDATE handpiece SET session = @session, mounted_us = @utc_us, mounted_seq = @seq WHERE handpiece = @handpiece;
UPDATE handpiece_sterile SET used_seq = @seq WHERE handpiece = @handpiece;

-- record handpiece.retired
UPDATE handpiece SET state = 'retired' WHERE handpiece = @handpiece;
