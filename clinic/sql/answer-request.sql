-- SPDX-License-Identifier: Apache-2.0
-- Keeps the answer to a request.
-- $1: its number; $2: the status; $3: the answer

UPDATE request SET status = $2, answer = $3 WHERE request = $1;
