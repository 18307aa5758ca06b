-- SPDX-License-Identifier: Apache-2.0
-- Cycles that were not rejected, and what they lack. For a cycle that must be rejected, because it failed or ran
-- after its steriliser was retired, nothing else is listed.
--
-- @proofs text, of the profile: what the profile asks for, separated by blanks: mechanical, pressure, integrator,
--   chemical, contents, release

WITH load AS (
  SELECT cycle.sterilizer || ' cycle ' || cycle.cycle
      || iif(cycle.series > 1, ' (series ' || cycle.series || ')', '') AS subject,
    date(started_us / 1000000, 'unixepoch') AS since,
    seq, mechanical, integrator, chemical, pressure_kpa, released_seq,
    coalesce('fail' IN (mechanical, integrator, chemical), 0) AS failed,
    coalesce(
      (SELECT event = 'retired'
       FROM sterilizer_event
       WHERE sterilizer_event.sterilizer = cycle.sterilizer
         AND event IN ('retired', 'returned')
         AND from_us <= started_us
       ORDER BY from_us DESC, sterilizer_event.seq DESC
       LIMIT 1), 0) AS out_of_service
  FROM cycle
  WHERE rejected_seq IS NULL),
lacking AS (
  SELECT *, ' ' || @proofs || ' ' AS wanted
  FROM load
  WHERE NOT failed AND NOT out_of_service)
SELECT 'cycle-failed' AS rule, subject, 'the rejection of the load' AS missing, since
FROM load
WHERE failed
UNION ALL
SELECT 'cycle-out-of-service', subject, 'the rejection of the load: the steriliser was retired', since
FROM load
WHERE out_of_service
UNION ALL
SELECT 'cycle-mechanical', subject, 'the mechanical readings', since
FROM lacking
WHERE instr(wanted, ' mechanical ') > 0 AND mechanical IS NULL
UNION ALL
SELECT 'cycle-pressure', subject, 'the pressure', since
FROM lacking
WHERE instr(wanted, ' pressure ') > 0 AND pressure_kpa IS NULL
UNION ALL
SELECT 'cycle-integrator', subject, 'the class V integrator', since
FROM lacking
WHERE instr(wanted, ' integrator ') > 0 AND integrator IS NULL
UNION ALL
SELECT 'cycle-chemical', subject, 'the chemical indicator', since
FROM lacking
WHERE instr(wanted, ' chemical ') > 0 AND chemical IS NULL
UNION ALL
SELECT 'cycle-contents', subject, 'the contents', since
FROM lacking
WHERE instr(wanted, ' contents ') > 0 AND NOT EXISTS (SELECT 1 FROM cycle_item WHERE cycle_seq = lacking.seq)
UNION ALL
SELECT 'cycle-release', subject, 'the release', since
FROM lacking
WHERE instr(wanted, ' release ') > 0 AND released_seq IS NULL;
