-- SPDX-License-Identifier: Apache-2.0
-- How records of signing keys change the tables.

-- record key.created
INSERT INTO signing_key(seq, key, previous, statement, utc_us) VALUES (@seq, @key, @previous, @statement, @utc_us);

-- record key.rotated
INSERT INTO signing_key(seq, key, previous, statement, utc_us) VALUES (@seq, @key, @previous, @statement, @utc_us);
