-- SPDX-License-Identifier: Apache-2.0
-- A person's role and hash.
-- $1: the name

SELECT role, hash FROM person WHERE person = $1;
