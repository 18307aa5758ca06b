-- SPDX-License-Identifier: Apache-2.0
-- The sessions of a person in which the needle touched the skin, newest first: for the minimum interval.
-- For the station alone.
--
-- @subject text, needed: a pseudonym, in capitals or not
-- @limit number: at most so many rows

SELECT utc_us
FROM session
WHERE strokes > 0
  AND subject = @subject COLLATE NOCASE
ORDER BY session DESC
LIMIT coalesce(@limit, 1);
