-- SPDX-License-Identifier: Apache-2.0
-- All stations: how far the log of each is mirrored, and when it was last heard of.

SELECT name, origin, state, utc_text(seen) AS seen, utc_text(newest) AS newest_record, mirror_size AS mirrored,
  pending_size AS signed, next_entry AS stored, utc_text((SELECT max(taken) FROM checkpoint WHERE checkpoint.station = station.station)) AS checkpoint,
  CASE WHEN pending_size = 0 THEN 'none' WHEN mirror_size = pending_size THEN 'cosigned' ELSE 'behind' END AS witness,
  coalesce(seen > now() - interval '90 seconds', false) AS connected, utc_text(enrolled) AS enrolled,
  coalesce(unread, 0) AS unread, next_entry - coalesce(entry, 0) AS waiting
FROM station JOIN mirror USING (station) LEFT JOIN page_cursor USING (station)
ORDER BY name;
