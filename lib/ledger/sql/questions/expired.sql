-- SPDX-License-Identifier: Apache-2.0
-- Personal data past its retention period: whose it is, the time of the newest record, and what an erasure would
-- delete. Oldest first; seq is that of the person's newest record, and therefore unique. Incidents have their own
-- retention period. An operator's injury in a session is not a record of the person treated. A valid badge's data
-- is still needed; after its revocation nothing more is recorded about it. The third part lists people without a
-- pseudonym who were injured in an incident. accept/correction.sql applies the same rule before an erasure.
--
-- @keep text, of the profile: a JSON object: the days for which each group of records is kept
-- @today text, of the profile: the day to judge by, YYYY-MM-DD; NULL: that of this machine
-- @from time: of which the newest record is from then on
-- @to time: of which the newest record is before then
-- @whose text: subject, badge or record
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT whose, who, utc_us AS "newest:utc", until AS kept_until, personal, photographs, seq
FROM (SELECT 'subject' AS whose, who, newest.seq AS seq, newest.utc_us AS utc_us,
        max(
          date(newest.utc_us / 1000000, 'unixepoch', '+' || json_extract(@keep, '$.sessions') || ' days'),
          coalesce(
            date(incident.utc_us / 1000000, 'unixepoch', '+' || json_extract(@keep, '$.incidents') || ' days'),
            ''))
          AS until,
        personal, photographs
      FROM (SELECT who, sum(personal) AS personal, sum(photographs) AS photographs,
              max(
                coalesce((SELECT max(seq) FROM subject WHERE subject = who), 0),
                coalesce((SELECT max(seq) FROM course WHERE subject = who), 0),
                coalesce((SELECT max(seq) FROM incident WHERE subject = who), 0),
                coalesce(
                  (SELECT max(
                     (SELECT max(seq)
                      FROM record
                      WHERE record.session = session.session AND kind <> 'incident.reported'))
                   FROM session
                   WHERE subject = who),
                  0))
                AS newest_seq
            FROM (SELECT json_extract(CAST(leaf AS TEXT), '$.body.subject') AS who, count(*) AS personal,
                    0 AS photographs
                  FROM personal
                  JOIN record USING(seq)
                  WHERE who IS NOT NULL AND kind <> 'personal.erased'
                  GROUP BY who
                  UNION ALL
                  SELECT subject, 0, count(*)
                  FROM image
                  JOIN session USING(session)
                  WHERE erase_seq IS NULL
                  GROUP BY subject)
            GROUP BY who)
      JOIN record AS newest ON newest.seq = newest_seq
      LEFT JOIN incident ON incident.seq = coalesce((SELECT max(seq) FROM incident WHERE subject = who), 0)
      UNION ALL
      SELECT 'badge', badge, record.seq, record.utc_us,
        date(record.utc_us / 1000000, 'unixepoch', '+' || json_extract(@keep, '$.operators') || ' days'),
        personal, photographs
      FROM operator
      JOIN (SELECT json_extract(CAST(leaf AS TEXT), '$.body.badge') AS who, count(*) AS personal,
              0 AS photographs
            FROM personal
            JOIN record USING(seq)
            WHERE who IS NOT NULL AND kind <> 'personal.erased'
            GROUP BY who) ON badge = who
      JOIN record ON kind = 'operator.revoked' AND json_extract(CAST(leaf AS TEXT), '$.body.badge') = badge
      UNION ALL
      SELECT 'record', CAST(seq AS TEXT), seq, utc_us,
        date(utc_us / 1000000, 'unixepoch', '+' || json_extract(@keep, '$.incidents') || ' days'), 1, 0
      FROM personal
      JOIN incident USING(seq)
      WHERE subject IS NULL)
WHERE until < coalesce(@today, date('now'))
  AND (@from IS NULL OR utc_us >= @from)
  AND (@to IS NULL OR utc_us < @to)
  AND (@whose IS NULL OR whose = @whose)
  AND (@after IS NULL OR seq > @after)
ORDER BY seq
LIMIT coalesce(@limit, -1);
