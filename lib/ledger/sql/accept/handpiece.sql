-- SPDX-License-Identifier: Apache-2.0
-- Queries that run before a record of handpieces is accepted.

-- statement handpiece_meant
SELECT state, session IS @session, cycle_seq, used_seq, sterile_until, blocked
FROM handpiece
LEFT JOIN handpiece_sterile USING(handpiece)
WHERE handpiece = @handpiece;
