-- SPDX-License-Identifier: Apache-2.0
-- Whether what a question names is on record at all.

-- statement known_subject
SELECT 1 FROM session WHERE subject = @value COLLATE NOCASE
UNION ALL
SELECT 1 FROM subject WHERE subject = @value COLLATE NOCASE
UNION ALL
SELECT 1 FROM course WHERE subject = @value COLLATE NOCASE
UNION ALL
SELECT 1 FROM incident WHERE subject = @value COLLATE NOCASE
LIMIT 1;

-- statement known_lot
-- A lot of cartridges or pigment, a blend, or a lot of indicators.
SELECT 1 FROM lot WHERE lot = @value COLLATE NOCASE
UNION ALL
SELECT 1 FROM unit WHERE lot = @value COLLATE NOCASE
UNION ALL
SELECT 1 FROM pigment_stock WHERE lot = @value COLLATE NOCASE
UNION ALL
SELECT 1 FROM pigment_use WHERE lot = @value COLLATE NOCASE
UNION ALL
SELECT 1 FROM pigment_blend WHERE blend = @value COLLATE NOCASE
UNION ALL
SELECT 1 FROM indicator_test WHERE lot = @value COLLATE NOCASE
LIMIT 1;

-- statement known_item
SELECT 1 FROM cycle_item WHERE item = @value COLLATE NOCASE
UNION ALL
SELECT 1 FROM handpiece WHERE handpiece = @value COLLATE NOCASE
LIMIT 1;
