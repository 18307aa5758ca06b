-- SPDX-License-Identifier: Apache-2.0
-- One operator, with the hash of the PIN and the number of wrong attempts; if nobody has the badge, only the
-- attempts.
-- For the station alone.
--
-- @badge text, needed: a badge, in capitals or not

SELECT badge, name, roles AS "roles:json", pin, revoked_us AS "revoked:utc", attempts,
  attempt.utc_us AS refused_us
FROM (SELECT coalesce(
        (SELECT badge FROM operator WHERE badge = @badge COLLATE NOCASE ORDER BY badge <> @badge, seq LIMIT 1),
        (SELECT badge FROM attempt WHERE badge = @badge COLLATE NOCASE LIMIT 1), @badge)
        AS badge)
LEFT JOIN operator USING(badge)
LEFT JOIN attempt USING(badge)
WHERE badge = @badge COLLATE NOCASE;
