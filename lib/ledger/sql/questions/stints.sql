-- SPDX-License-Identifier: Apache-2.0
-- Who did the dots: each practitioner's work in a zone with a cartridge, between two hand-overs of the session.
-- handover: the record by which the practitioner took the session over; empty: who worked first.
--
-- @session number: the number of a session
-- @subject text: a pseudonym, in capitals or not
-- @zone text: the name of a zone
-- @unit text: a cartridge, as the record names it
-- @operator text: a badge, in capitals or not
-- @from time: worked at that time or later
-- @to time: worked before then
-- @limit number: at most so many rows

SELECT stint.session, subject, stint.operator, stint.zone, stint.unit, lot, stint.strokes, stint.dots,
  first_us AS "first:utc", last_us AS "last:utc", nullif(handover, 0) AS handover
FROM stint
JOIN session USING(session)
LEFT JOIN unit USING(unit)
WHERE (@session IS NULL OR stint.session = @session)
  AND (@subject IS NULL OR subject = @subject COLLATE NOCASE)
  AND (@zone IS NULL OR stint.zone = @zone)
  AND (@unit IS NULL OR stint.unit = @unit)
  AND (@operator IS NULL OR stint.operator = @operator COLLATE NOCASE)
  AND (@from IS NULL OR last_us >= @from)
  AND (@to IS NULL OR first_us < @to)
ORDER BY stint.session, handover, first_us, stint.zone, stint.unit
LIMIT coalesce(@limit, -1);
