-- SPDX-License-Identifier: Apache-2.0
-- The sterilisers, and when their counters started again.
--
-- @from time: installed from then on
-- @to time: installed before then
-- @sterilizer text: the name of a steriliser, in capitals or not
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

WITH correcting AS (
  SELECT json_extract(CAST(leaf AS TEXT), '$.body.sterilizer') AS whose, field, new, correction.seq
  FROM correction
  CROSS JOIN record ON record.seq = corrects
  WHERE kind IN ('sterilizer.registered', 'sterilizer.serviced')),
corrections AS (
  SELECT whose, json_group_object(field, iif(@impersonal,
      (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
    AS corrected
  FROM (SELECT whose, field, new, max(seq) AS newest FROM correcting GROUP BY whose, field)
  GROUP BY whose)
SELECT sterilizer, maker, model, serial,
  (SELECT json_extract(CAST(leaf AS TEXT), '$.body.installed') FROM record WHERE record.seq = sterilizer.seq) AS installed,
  (SELECT json_extract(CAST(leaf AS TEXT), '$.body.class') FROM record WHERE record.seq = sterilizer.seq) AS class, in_service, serviced_us AS "serviced:utc", seq,
  (SELECT json_group_array(strftime('%Y-%m-%dT%H:%M:%fZ', reset_us / 1e6, 'unixepoch'))
   FROM counter_reset
   WHERE counter_reset.sterilizer = sterilizer.sterilizer)
    AS "counter_resets:json",
  corrected AS "corrected:json"
FROM sterilizer
LEFT JOIN corrections ON whose = sterilizer
WHERE (@from IS NULL OR installed >= date(@from / 1000000, 'unixepoch'))
  AND (@to IS NULL OR installed < date(@to / 1000000, 'unixepoch'))
  AND (@sterilizer IS NULL OR sterilizer = @sterilizer COLLATE NOCASE)
  AND (@after IS NULL OR coalesce(sterilizer
      > (SELECT sterilizer FROM sterilizer WHERE seq = @after), @after = 0))
ORDER BY sterilizer
LIMIT coalesce(@limit, -1);
