-- SPDX-License-Identifier: Apache-2.0
-- Takes a person off record; what the person acknowledged stays. No row: nobody has that name.
-- $1: the name

DELETE FROM person WHERE person = $1 RETURNING person;
