-- SPDX-License-Identifier: Apache-2.0
-- The password was right: begins a session, and forgets the attempts before it. Sessions that ended go.
-- $1: part of a hash of the name; $2: hash of the cookie; $3: the name; $4: seconds that it lasts

WITH forgotten AS (DELETE FROM sign_in_attempt WHERE bucket = $1),
  gone AS (DELETE FROM sign_in WHERE expires < now())
INSERT INTO sign_in(token, person, expires) VALUES ($2, $3, now() + $4 * interval '1 second')
RETURNING utc_text(expires);
