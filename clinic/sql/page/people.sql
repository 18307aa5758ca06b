-- SPDX-License-Identifier: Apache-2.0
-- Everybody on record.

SELECT person, role FROM person ORDER BY person;
