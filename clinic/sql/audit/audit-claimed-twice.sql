-- SPDX-License-Identifier: Apache-2.0
-- Cartridges that were claimed more than once. Those of a lot without serials have numbers that stations may give by
-- themselves: whether a grant allows them is for the auditor's program. Answered from the index alone.
-- $1: not used here: how many days a station may be silent

WITH twice AS (
  SELECT unit, string_agg(station || ' ' || seq, ',' ORDER BY station, seq) AS claims, count(*) AS n
  FROM record
  WHERE kind = 'needle.claimed'
    AND unit !~ '#[0-9]+$'
    AND $1::bigint IS NOT NULL
  GROUP BY unit
  HAVING count(*) > 1
  LIMIT 1000)
SELECT json_build_object('finding', 'claimed-twice', 'station', string_agg(DISTINCT name, ' ' ORDER BY name), 'record',
    max(seq) + 1, 'says', format('%s was claimed %s times: %s', unit, n,
      string_agg(format('record %s of %s', seq + 1, name), ', ' ORDER BY name, seq)))
FROM twice
CROSS JOIN LATERAL (
  SELECT split_part(claim, ' ', 1)::integer AS station, split_part(claim, ' ', 2)::bigint AS seq
  FROM unnest(string_to_array(claims, ',')) AS claim)
AS made
JOIN station USING (station)
GROUP BY unit, n
ORDER BY unit;
