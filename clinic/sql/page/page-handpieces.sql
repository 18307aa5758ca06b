-- SPDX-License-Identifier: Apache-2.0
-- Each handpiece in service: sterile until when, or to be sterilised.
-- $1: time zone

SELECT page_handpiece.site, handpiece, model, utc_text(mounted) AS mounted, utc_text(at) AS sterilized, to_char(until, 'YYYY-MM-DD') AS sterile_until,
  CASE WHEN at IS NULL OR mounted > at THEN 'to sterilise' WHEN until < (now() AT TIME ZONE $1)::date THEN 'expired' ELSE 'sterile' END AS condition
FROM page_handpiece LEFT JOIN page_sterilized ON page_sterilized.site = page_handpiece.site AND item = handpiece
WHERE NOT retired
ORDER BY at IS NOT NULL AND at >= coalesce(mounted, at), until, page_handpiece.site, handpiece
LIMIT 1000;
