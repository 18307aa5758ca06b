-- SPDX-License-Identifier: Apache-2.0
-- The card of one client, as the station needs it: each field by its newest record or the correction of that.
-- For the station alone.
--
-- @subject text, needed: a pseudonym, in capitals or not
-- @limit number: at most so many rows

SELECT subject, utc_us AS "registered:utc", iif(
    EXISTS (SELECT 1 FROM correction WHERE corrects = client.seq AND field = 'name'),
    (SELECT nullif(new, '') FROM correction WHERE corrects = client.seq AND field = 'name' ORDER BY correction.seq DESC LIMIT 1),
    json_extract(data, '$.name')) AS name,
  iif(
    EXISTS (SELECT 1 FROM correction WHERE corrects = client.seq AND field = 'contact'),
    (SELECT nullif(new, '') FROM correction WHERE corrects = client.seq AND field = 'contact' ORDER BY correction.seq DESC LIMIT 1),
    json_extract(data, '$.contact')) AS contact,
  (SELECT json_group_object(
            key,
            iif(
              mended IS NULL,
              value, iif(type = 'integer', CAST(mended AS INTEGER), mended)))
   FROM (SELECT key, value, type, max(card.seq) AS seq,
           (SELECT nullif(new, '')
            FROM correction
            WHERE corrects = card.seq AND field = key
            ORDER BY correction.seq DESC
            LIMIT 1)
             AS mended
         FROM card
         JOIN record USING(seq)
         LEFT JOIN personal USING(seq)
         JOIN json_each(json_patch(json_extract(CAST(leaf AS TEXT), '$.body'), coalesce(data, '{}')))
         WHERE card.subject = client.subject AND key NOT IN ('subject', 'user', 'name', 'contact')
         GROUP BY key))
    AS "card:json"
FROM subject AS client
LEFT JOIN personal USING(seq)
WHERE subject = @subject COLLATE NOCASE
ORDER BY subject <> @subject
LIMIT coalesce(@limit, 1);
