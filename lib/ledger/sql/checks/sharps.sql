-- SPDX-License-Identifier: Apache-2.0
-- Containers of sharps that were never put on record as opened, though others were before their first needle. Those in
-- use before the station kept such records are not listed.
--
-- @proofs text, of the profile: what the profile asks for, separated by blanks: disposal

SELECT 'sharps-opened' AS rule, 'container ' || container AS subject, 'its opening' AS missing,
  date(used_us / 1000000, 'unixepoch') AS since
FROM sharps_container
WHERE instr(' ' || @proofs || ' ', ' disposal ') > 0
  AND opened_us IS NULL
  AND used_us > (SELECT min(opened_us) FROM sharps_container);
