-- SPDX-License-Identifier: Apache-2.0
-- Which of these records are leaves of the registry's log already: after a restore they may come again.
-- $1: the station; $2: entries of its log

SELECT seq FROM shared WHERE station = $1 AND seq = ANY ($2::bigint[]);
