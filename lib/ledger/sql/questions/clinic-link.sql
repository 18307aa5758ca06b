-- SPDX-License-Identifier: Apache-2.0
-- How far the record is with the leaves of the clinic's registry, and how the station stands there. One row.
-- For the station alone.
--
-- @boot text, needed: the present start of the machine

SELECT (SELECT max(number)
        FROM (SELECT max(number) AS number
              FROM clinic_leaf
              UNION ALL
              SELECT max(leaf)
              FROM shared_record)) AS newest,
  (SELECT number FROM confirmed_boot WHERE boot = replace(@boot, '-', '')) AS confirmed,
  (SELECT json_extract(json_extract(CAST(record.leaf AS TEXT), '$.body.leaf'), '$.utc')
   FROM confirmed_boot
   JOIN record USING(seq)
   WHERE boot = replace(@boot, '-', '')) AS confirmed_at,
  (SELECT quarantined FROM clinic_station JOIN clinic_member USING(station)) AS quarantined,
  (SELECT station FROM clinic_member) AS station,
  (SELECT registry FROM clinic_member) AS registry,
  (SELECT mirror FROM clinic_member) AS mirror;
