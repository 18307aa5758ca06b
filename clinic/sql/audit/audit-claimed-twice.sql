-- SPDX-License-Identifier: Apache-2.0
-- Cartridges that were claimed more than once. Numbers that stations gave by themselves, without a grant, repeat.
-- $1: not used here: how many days a station may be silent

SELECT json_build_object('finding', 'claimed-twice', 'station', string_agg(DISTINCT name, ' ' ORDER BY name), 'record',
    max(seq) + 1, 'says', format('%s was claimed %s times: %s', unit, count(*),
      string_agg(format('record %s of %s', seq + 1, name), ', ' ORDER BY name, seq)))
FROM record
JOIN station USING (station)
WHERE kind = 'needle.claimed'
  AND unit IS NOT NULL
  AND (unit !~ '#[0-9]+$' OR audit_leaf(leaf) #> '{body,grant}' IS NOT NULL)
  AND $1::bigint IS NOT NULL
GROUP BY unit
HAVING count(*) > 1
ORDER BY unit
LIMIT 1000;
