-- SPDX-License-Identifier: Apache-2.0
-- Invites a station. A number is used again only when its invitation has expired. Nothing when it is in use.
-- $1: its number; $2: the station's name; $3: the salt; $4: the hash of the secret; $5: for how many minutes it is valid

INSERT INTO invitation(number, name, salt, secret_hash, expires)
VALUES ($1, $2, $3, $4, now() + make_interval(mins => $5::integer))
ON CONFLICT (number) DO UPDATE SET name = excluded.name, salt = excluded.salt, secret_hash = excluded.secret_hash,
  expires = excluded.expires, wrong = 0, key_hash = NULL, log_key = NULL, answer = NULL
WHERE invitation.expires < now()
RETURNING to_char(expires AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"');
