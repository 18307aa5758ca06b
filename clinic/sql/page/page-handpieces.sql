-- SPDX-License-Identifier: Apache-2.0
-- Each handpiece in service: sterile until when, or to be sterilised.
-- $1: time zone

SELECT site, handpiece, model, utc_text(mounted) AS mounted, utc_text(sterilized) AS sterilized, to_char(sterile_until, 'YYYY-MM-DD') AS sterile_until,
  CASE WHEN sterilized IS NULL OR mounted > sterilized THEN 'to sterilise'
    WHEN sterile_until < (now() AT TIME ZONE $1)::date THEN 'expired' ELSE 'sterile' END AS condition
FROM page_handpiece
WHERE NOT retired
ORDER BY coalesce(sterilized > mounted, sterilized IS NOT NULL), page_handpiece.sterile_until, site, handpiece
LIMIT 1000;
