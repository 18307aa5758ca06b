-- SPDX-License-Identifier: Apache-2.0
-- Counts an attempt before its password is looked at, so that many at once are counted, too. No row: too early.
-- The first three may follow at once; then each waits twice as long, up to a minute. An hour of peace forgets them.
-- $1: part of a hash of the name

INSERT INTO sign_in_attempt AS known(bucket, attempts, next_try) VALUES ($1, 1, now())
ON CONFLICT (bucket) DO UPDATE SET
  attempts = CASE WHEN known.next_try < now() - interval '1 hour' THEN 1 ELSE least(known.attempts + 1, 30) END,
  next_try = CASE WHEN known.next_try < now() - interval '1 hour' OR known.attempts < 2 THEN now()
    ELSE now() + least(power(2, known.attempts - 2), 60) * interval '1 second' END
WHERE known.next_try <= now()
RETURNING attempts;
