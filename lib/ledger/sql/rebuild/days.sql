-- SPDX-License-Identifier: Apache-2.0
-- The last step of filling the tables anew: the days of the records, which no record changes by a statement of its
-- own.

INSERT INTO record_day(day, first_seq, last_seq)
SELECT utc_us / 86400000000, min(seq), max(seq)
FROM record
GROUP BY 1;
