-- SPDX-License-Identifier: Apache-2.0
-- Cycles with a load that were not rejected, without the initials of whoever packed it. They come with the cycle,
-- with its release, or with a correction.
--
-- @proofs text, of the profile: what the profile asks for, separated by blanks: initials

SELECT 'cycle-initials' AS rule,
  cycle.sterilizer || ' cycle ' || cycle.cycle || iif(cycle.series > 1, ' (series ' || cycle.series || ')', '')
    AS subject,
  'the initials on its packs' AS missing, date(started_us / 1000000, 'unixepoch') AS since
FROM cycle
WHERE instr(' ' || @proofs || ' ', ' initials ') > 0
  AND rejected_seq IS NULL
  AND coalesce('fail' IN (mechanical, integrator, chemical), 0) = 0
  AND EXISTS (SELECT 1 FROM cycle_item WHERE cycle_seq = cycle.seq)
  AND NOT EXISTS (
    SELECT 1
    FROM record
    WHERE record.seq IN (cycle.seq, released_seq)
      AND json_extract(CAST(leaf AS TEXT), '$.body.initials') IS NOT NULL)
  AND NOT EXISTS (
    SELECT 1 FROM correction WHERE corrects IN (cycle.seq, released_seq) AND field = 'initials');
