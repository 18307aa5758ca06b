-- SPDX-License-Identifier: Apache-2.0
-- Containers of sharps: in use, full, collected; and how many cartridges went into each.
--
-- @container text: the name of a container, in capitals or not
-- @limit number: at most so many rows

SELECT container,
  CASE
    WHEN collected_us IS NOT NULL THEN 'collected'
    WHEN filled_us IS NOT NULL THEN 'full'
    ELSE 'open' END AS state,
  (SELECT count(*) FROM unit WHERE unit.container = sharps_container.container COLLATE NOCASE) AS cartridges,
  opened_us AS "opened:utc", used_us AS "used:utc", filled_us AS "filled:utc", collected_us AS "collected:utc", company,
  seq
FROM sharps_container
WHERE (@container IS NULL OR container = @container COLLATE NOCASE)
ORDER BY seq
LIMIT coalesce(@limit, -1);
