-- SPDX-License-Identifier: Apache-2.0
-- Lots of cartridges without the evidence that the profile requires.
--
-- @proofs text, of the profile: what the profile asks for, separated by blanks: certificate, membrane

SELECT 'lot-certificate' AS rule, 'lot ' || lot AS subject, 'the sterilisation certificate' AS missing,
  date(received_us / 1000000, 'unixepoch') AS since
FROM lot
WHERE certificate IS NULL AND instr(' ' || @proofs || ' ', ' certificate ') > 0
UNION ALL
SELECT 'lot-membrane', 'lot ' || lot, 'the proof of the barrier membrane', date(received_us / 1000000, 'unixepoch')
FROM lot
WHERE NOT membrane AND instr(' ' || @proofs || ' ', ' membrane ') > 0;
