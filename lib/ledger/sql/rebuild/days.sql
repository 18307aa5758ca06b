-- SPDX-License-Identifier: Apache-2.0
-- The last step of rebuilding the tables: the days of the records, for which no record has its own statement.

INSERT INTO record_day(day, first_seq, last_seq)
SELECT utc_us / 86400000000, min(seq), max(seq)
FROM record
GROUP BY 1;
