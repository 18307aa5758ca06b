-- SPDX-License-Identifier: Apache-2.0
-- How long the profile requires records to be kept, and whether some are past that time. A person decides what to
-- do then.
--
-- @keep text, of the profile: a JSON object: the days for which each group of records is kept
-- @today text, of the profile: the day to judge by, YYYY-MM-DD; NULL: that of this machine
-- @profile text, of the profile: the name of the profile

SELECT records, days, keep_since, oldest AS "oldest:utc", expired,
  CASE
    WHEN NOT expired THEN NULL
    WHEN records IN ('sessions', 'operators', 'incidents') THEN 'stipplectl audit expired'
    ELSE 'stipplectl ledger archive FILE' END AS next,
  @profile AS profile
FROM (SELECT *, coalesce(date(oldest / 1000000, 'unixepoch') < keep_since, 0) AS expired
      FROM (SELECT key AS records, value AS days,
              date(coalesce(@today, date('now')), '-' || value || ' days') AS keep_since,
              CASE key
                WHEN 'sterilization' THEN (
                  SELECT utc_us FROM record WHERE kind = 'cycle.recorded' ORDER BY seq LIMIT 1)
                WHEN 'needles' THEN (
                  SELECT utc_us FROM record WHERE kind = 'needle.claimed' ORDER BY seq LIMIT 1)
                WHEN 'pigments' THEN (
                  SELECT utc_us FROM record WHERE kind = 'pigment.loaded' ORDER BY seq LIMIT 1)
                WHEN 'sessions' THEN (
                  SELECT utc_us FROM record WHERE kind = 'session.begun' ORDER BY seq LIMIT 1)
                WHEN 'operators' THEN (
                  SELECT utc_us FROM record WHERE kind = 'operator.enrolled' ORDER BY seq LIMIT 1)
                WHEN 'incidents' THEN (
                  SELECT utc_us FROM record WHERE kind = 'incident.reported' ORDER BY seq LIMIT 1)
                END AS oldest
            FROM json_each(coalesce(@keep, '{}'))))
ORDER BY records;
