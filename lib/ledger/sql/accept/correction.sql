-- SPDX-License-Identifier: Apache-2.0
-- Queries that run before a correction or an erasure is accepted.

-- statement newest_correction
SELECT new
FROM correction
WHERE corrects = @corrects AND field = @field
ORDER BY seq DESC
LIMIT 1;

-- statement corrections_of_record
SELECT field, new
FROM correction
WHERE corrects = @corrects
ORDER BY seq;

-- statement cycle_number_taken
-- Whether with the correction two cycles of a steriliser would have one number in one series: as their number, the start
-- of one or the time of a new counter moves.
SELECT 1
FROM cycle AS moved
JOIN cycle AS other ON other.sterilizer = moved.sterilizer AND other.seq <> moved.seq
WHERE moved.seq = @corrects
  AND (@field = 'cycle' AND other.cycle = CAST(@new AS INTEGER) AND other.series = moved.series
    OR @field = 'started'
      AND other.cycle = moved.cycle
      AND other.series = 1
        + (SELECT count(*)
           FROM counter_reset
           WHERE counter_reset.sterilizer = moved.sterilizer
             AND reset_us <= CAST(strftime('%s', @new) AS INTEGER) * 1000000))
UNION ALL
SELECT 1
FROM (SELECT cycle.cycle,
        (SELECT count(*)
         FROM counter_reset
         WHERE counter_reset.sterilizer = cycle.sterilizer
           AND iif(counter_reset.seq = @corrects, CAST(strftime('%s', @new) AS INTEGER) * 1000000, reset_us) <= started_us)
          AS resets
      FROM cycle
      WHERE @field = 'done' AND sterilizer = (SELECT sterilizer FROM counter_reset WHERE seq = @corrects))
GROUP BY cycle, resets
HAVING count(*) > 1
LIMIT 1;

-- statement record_corrected
SELECT kind, leaf, data, utc_us, (SELECT outcome FROM session WHERE session.session = record.session)
FROM record
LEFT JOIN personal USING(seq)
WHERE seq = @corrects;

-- statement badge_valid
-- Whether the badge whose data is to be erased, in itself or by a record, is still valid.
SELECT badge
FROM operator
WHERE revoked_us IS NULL
  AND (badge = @badge
    OR badge = (
      SELECT json_extract(CAST(leaf AS TEXT), '$.body.badge')
      FROM record
      WHERE seq = @record AND kind LIKE 'operator.%'));

-- statement kept_until
-- Until when the data that an erasure names, directly or by a record, must be kept under the terms @keep: the same
-- rule as in questions/expired.sql.
SELECT max(until)
FROM (SELECT max(
          date(newest.utc_us / 1000000, 'unixepoch', '+' || json_extract(@keep, '$.sessions') || ' days'),
          coalesce(
            date(incident.utc_us / 1000000, 'unixepoch', '+' || json_extract(@keep, '$.incidents') || ' days'), ''))
        AS until
      FROM (SELECT who,
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
                   WHERE subject = who), 0)) AS newest_seq
            FROM (SELECT json_extract(CAST(leaf AS TEXT), '$.body.subject') AS who
                  FROM personal
                  JOIN record USING(seq)
                  WHERE kind <> 'personal.erased'
                  UNION
                  SELECT subject
                  FROM image
                  JOIN session USING(session)
                  WHERE erase_seq IS NULL)
            WHERE who COLLATE NOCASE IN (
              @subject,
              (SELECT json_extract(CAST(leaf AS TEXT), '$.body.subject') FROM record WHERE record.seq = @record)))
      JOIN record AS newest ON newest.seq = newest_seq
      LEFT JOIN incident ON incident.seq = (SELECT max(seq) FROM incident WHERE subject = who)
      UNION ALL
      SELECT date(record.utc_us / 1000000, 'unixepoch', '+' || json_extract(@keep, '$.operators') || ' days')
      FROM operator
      JOIN record ON kind = 'operator.revoked' AND json_extract(CAST(leaf AS TEXT), '$.body.badge') = badge
      WHERE badge COLLATE NOCASE IN (
          @badge,
          (SELECT json_extract(CAST(leaf AS TEXT), '$.body.badge') FROM record WHERE record.seq = @record))
        AND badge IN (
          SELECT json_extract(CAST(leaf AS TEXT), '$.body.badge')
          FROM personal
          JOIN record USING(seq)
          WHERE kind <> 'personal.erased')
      UNION ALL
      SELECT date(utc_us / 1000000, 'unixepoch', '+' || json_extract(@keep, '$.incidents') || ' days')
      FROM personal
      JOIN incident USING(seq)
      WHERE subject IS NULL AND seq = @record);

-- statement personal_of_subject
-- A person's own records, free text written in a session of that person or about damage to a cartridge used on the
-- person, and corrections of these. Personal data is rare, so reading all of it is fast enough.
SELECT personal.seq
FROM personal
JOIN record USING(seq)
WHERE json_extract(CAST(leaf AS TEXT), '$.body.subject') = @subject COLLATE NOCASE
  OR record.session IN (SELECT session FROM session WHERE subject = @subject COLLATE NOCASE)
    AND kind NOT LIKE 'incident.%'
  OR personal.seq IN (
    SELECT correction.seq
    FROM correction
    JOIN record AS made ON made.seq = corrects
    WHERE json_extract(CAST(made.leaf AS TEXT), '$.body.subject') = @subject COLLATE NOCASE
      OR made.kind = 'needle.damaged'
        AND json_extract(CAST(made.leaf AS TEXT), '$.body.unit') IN (
          SELECT unit FROM unit JOIN session USING(session) WHERE subject = @subject COLLATE NOCASE))
  OR record.kind = 'needle.damaged'
    AND json_extract(CAST(record.leaf AS TEXT), '$.body.unit') IN (
      SELECT unit FROM unit JOIN session USING(session) WHERE subject = @subject COLLATE NOCASE);

-- statement personal_of_badge
SELECT personal.seq
FROM personal
JOIN record USING(seq)
WHERE json_extract(CAST(leaf AS TEXT), '$.body.badge') = @badge COLLATE NOCASE;

-- statement personal_of_record
SELECT seq
FROM personal
WHERE seq = @record OR seq IN (SELECT seq FROM correction WHERE corrects = @record);

-- statement photographs_left
-- How many photographs of a person are not marked for erasure yet.
SELECT count(*)
FROM image
JOIN session USING(session)
WHERE subject = @subject COLLATE NOCASE AND erase_seq IS NULL;

-- statement other_spellings
-- Other spellings under which a person's sessions are on record, from a time when these counted as different
-- people.
SELECT json_group_array(DISTINCT subject)
FROM session
WHERE subject = @subject COLLATE NOCASE AND subject <> @subject;

-- statement something_to_erase
-- The reasons given for earlier erasures of a person's data are erased too, but alone they do not justify an
-- erasure, unless it names them.
SELECT 1
FROM record
WHERE seq IN (SELECT value FROM json_each(@records)) AND (kind <> 'personal.erased' OR @record IS NOT NULL)
LIMIT 1;
