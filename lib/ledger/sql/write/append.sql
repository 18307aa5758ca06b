-- SPDX-License-Identifier: Apache-2.0
-- Statements that each group of records runs, besides adding its records.

-- statement raise_mark
INSERT INTO meta(name, value) VALUES (@name, @value)
ON CONFLICT(name) DO UPDATE SET value = max(value, excluded.value);

-- statement extend_day
INSERT INTO record_day(day, first_seq, last_seq) VALUES (@day, @first_seq, @last_seq)
ON CONFLICT(day) DO UPDATE SET last_seq = excluded.last_seq;
