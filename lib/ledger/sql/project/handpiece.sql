-- SPDX-License-Identifier: Apache-2.0
-- How records of handpieces change the tables. The table handpiece_sterile tells whether one is sterile
-- (sterilization.sql).

-- record handpiece.registered
INSERT INTO handpiece(handpiece, model, registered_us, state, seq)
VALUES (@handpiece, @model, @utc_us, 'in-service', @seq);

-- record handpiece.mounted
UPDATE handpiece SET session = @session, mounted_us = @utc_us, mounted_seq = @seq WHERE handpiece = @handpiece;
UPDATE handpiece_sterile SET used_seq = @seq WHERE handpiece = @handpiece;

-- record handpiece.retired
UPDATE handpiece SET state = 'retired' WHERE handpiece = @handpiece;
