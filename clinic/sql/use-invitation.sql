-- SPDX-License-Identifier: Apache-2.0
-- An invitation is used up. Its answer is kept: the same station asks again when it did not arrive.
-- $1: its number; $2: SHA-256 of the key of the certificate; $3: the key of the log; $4: the answer

UPDATE invitation SET key_hash = $2, log_key = $3, answer = $4 WHERE number = $1;
