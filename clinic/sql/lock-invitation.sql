-- SPDX-License-Identifier: Apache-2.0
-- An invitation; whoever else uses it waits until the transaction ends.
-- $1: its number

SELECT name, salt, secret_hash, wrong, expires < now(), key_hash, log_key, answer
FROM invitation WHERE number = $1 FOR UPDATE;
