-- SPDX-License-Identifier: Apache-2.0
-- Gives a person another password, and ends what the person signed in to. No row: nobody has that name.
-- $1: the name; $2: the hash

WITH ended AS (DELETE FROM sign_in WHERE person = $1)
UPDATE person SET hash = $2 WHERE person = $1 RETURNING person;
