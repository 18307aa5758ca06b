-- SPDX-License-Identifier: Apache-2.0
-- Puts a person on record, with the hash of the password. No row: the name is taken.
-- $1: the name; $2: the role; $3: the hash

INSERT INTO person(person, role, hash) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING RETURNING person;
