-- SPDX-License-Identifier: Apache-2.0
-- The tests of each steriliser in service, and when the next is due; a test that failed is due at once.
-- $1: time zone

WITH wanted AS (
  SELECT site, sterilizer, 'biological' AS test, installed FROM page_sterilizer WHERE NOT retired
  UNION ALL SELECT site, sterilizer, 'vacuum leak', installed FROM page_sterilizer WHERE NOT retired AND leak_days > 0
  UNION ALL SELECT site, sterilizer, 'steam penetration', installed FROM page_sterilizer WHERE NOT retired AND penetration
  UNION SELECT site, sterilizer, test, NULL FROM page_test WHERE NOT EXISTS (
    SELECT FROM page_sterilizer AS known WHERE known.site = page_test.site AND known.sterilizer = page_test.sterilizer)
  UNION SELECT site, sterilizer, test, installed FROM page_test JOIN page_sterilizer USING (site, sterilizer) WHERE NOT retired
), dated AS (
  SELECT wanted.site, wanted.sterilizer, wanted.test, tested, result,
    CASE WHEN result = 'fail' THEN (tested AT TIME ZONE $1)::date WHEN tested IS NULL THEN wanted.installed
      WHEN wanted.test = 'vacuum leak' THEN (tested AT TIME ZONE $1)::date + least(leak_days, 3660)::int
      WHEN wanted.test = 'steam penetration' AND penetration THEN (tested AT TIME ZONE $1)::date + 1
      ELSE due END AS due
  FROM wanted LEFT JOIN page_test USING (site, sterilizer, test) LEFT JOIN page_sterilizer USING (site, sterilizer)
)
SELECT DISTINCT site, sterilizer, test, utc_text(tested) AS tested, result, to_char(due, 'YYYY-MM-DD') AS due,
  coalesce(result = 'fail' OR tested IS NULL OR due < (now() AT TIME ZONE $1)::date, false) AS overdue
FROM dated
ORDER BY overdue DESC, due, site, sterilizer, test
LIMIT 1000;
