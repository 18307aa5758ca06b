-- SPDX-License-Identifier: Apache-2.0
-- What records of signing keys change in the tables.

-- record key.created
INSERT INTO signing_key(seq, key, previous, statement, utc_us) VALUES (@seq, @key, @previous, @statement, @utc_us);

-- record key.rotated
INSERT INTO signing_key(seq, key, previous, statement, utc_us) VALUES (@seq, @key, @previous, @statement, @utc_us);
