-- SPDX-License-Identifier: Apache-2.0
-- Whose session that is. No row: nobody's, or it has ended.
-- $1: hash of the cookie

SELECT person, role, utc_text(expires) FROM sign_in JOIN person USING (person) WHERE token = $1 AND expires > now();
