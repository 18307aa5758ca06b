-- SPDX-License-Identifier: Apache-2.0
-- The words of the texts that a client signed on the screen, as they were shown.
--
-- @session number, needed: the number of a session
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT seq, utc_us AS "time:utc", session,
  coalesce(
    json_extract(CAST(leaf AS TEXT), '$.body.consent'), json_extract(CAST(leaf AS TEXT), '$.body.statement'))
    AS consent,
  json_extract(CAST(leaf AS TEXT), '$.body.version') AS version,
  json_extract(CAST(leaf AS TEXT), '$.body.language') AS language,
  json_extract(CAST(leaf AS TEXT), '$.body.text_sha256') AS text_sha256, CAST(data AS TEXT) AS text
FROM record
JOIN attachment USING(seq)
WHERE session = @session
  AND kind IN ('session.consent', 'session.statement')
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
