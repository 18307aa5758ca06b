-- SPDX-License-Identifier: Apache-2.0
-- The sterilisation cycles: contents, results, release or rejection, as first recorded. Conditions are on what holds
-- now.
--
-- @from time: started from then on
-- @to time: started before then
-- @sterilizer text: the name of a steriliser, in capitals or not
-- @cycle number: the number of a cycle
-- @series number: which one, where the counter of the steriliser began anew
-- @item text: what was in the load
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

WITH said AS (
  SELECT cycle.seq AS cycle_seq, json_extract(CAST(leaf AS TEXT), '$.body') AS body,
    (SELECT json_extract(CAST(record.leaf AS TEXT), '$.body') FROM record WHERE record.seq = released_seq) AS released
  FROM cycle
  JOIN record ON record.seq = cycle.seq)
SELECT seq, sterilizer, json_extract(body, '$.cycle') AS cycle, series, json_extract(body, '$.load') AS load,
  CAST(strftime('%s', json_extract(body, '$.started')) AS INTEGER) * 1000000 AS "started:utc",
  json_extract(body, '$.program') AS program, CAST(json_extract(body, '$.temperature_c') AS REAL) AS temperature_c,
  CAST(json_extract(body, '$.pressure_kpa') AS REAL) AS pressure_kpa, CAST(json_extract(body, '$.exposure_s') AS REAL) AS exposure_s,
  CAST(json_extract(body, '$.dry_s') AS REAL) AS dry_s,
  iif(
    EXISTS (SELECT 1 FROM correction WHERE corrects IN (seq, released_seq) AND field = 'contents'),
    (SELECT json_group_array(item)
     FROM (SELECT value AS item FROM json_each(body, '$.contents')
           UNION
           SELECT value FROM json_each(released, '$.contents'))),
    (SELECT json_group_array(item) FROM cycle_item WHERE cycle_seq = cycle.seq)) AS "contents:json",
  coalesce(json_extract(body, '$.mechanical'), json_extract(released, '$.mechanical')) AS mechanical,
  coalesce(json_extract(body, '$.integrator'), json_extract(released, '$.integrator')) AS integrator,
  coalesce(json_extract(body, '$.chemical'), json_extract(released, '$.chemical')) AS chemical,
  iif(
    @impersonal, operator,
    coalesce(
      (SELECT coalesce(
         (SELECT json_extract(data, '$.operator') FROM personal WHERE personal.seq = said.seq),
         json_extract(CAST(said.leaf AS TEXT), '$.body.operator'))
       FROM record AS said
       WHERE said.seq = cycle.seq),
      operator))
    AS operator,
  released_us AS "released:utc", released_by, rejected_seq,
  (SELECT utc_us FROM record AS named WHERE named.seq = rejected_seq) AS "rejected:utc",
  (SELECT json_extract(CAST(leaf AS TEXT), '$.actor') FROM record AS named WHERE named.seq = rejected_seq)
    AS rejected_by,
  (SELECT coalesce(
     (SELECT json_extract(data, '$.reason') FROM personal WHERE personal.seq = named.seq),
     json_extract(CAST(named.leaf AS TEXT), '$.body.reason'))
   FROM record AS named
   WHERE named.seq = rejected_seq)
    AS "rejected_reason:personal",
  CASE
    WHEN EXISTS (SELECT 1 FROM correction WHERE corrects IN (cycle.seq, released_seq, rejected_seq)) THEN (
      SELECT json_group_object(
        field,
        iif(
          @impersonal,
          (SELECT json_extract(CAST(leaf AS TEXT), '$.body.new') FROM record WHERE record.seq = newest), new))
      FROM (SELECT field, new, max(seq) AS newest
            FROM correction
            WHERE corrects IN (cycle.seq, released_seq, rejected_seq)
            GROUP BY field))
    END AS "corrected:json"
FROM cycle
JOIN said ON said.cycle_seq = seq
WHERE (@from IS NULL OR started_us >= @from)
  AND (@to IS NULL OR started_us < @to)
  AND (@sterilizer IS NULL OR sterilizer = @sterilizer COLLATE NOCASE)
  AND (@cycle IS NULL OR cycle = @cycle)
  AND (@series IS NULL OR series = @series)
  AND (@item IS NULL OR seq IN (SELECT cycle_seq FROM cycle_item WHERE item = @item))
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
