-- SPDX-License-Identifier: Apache-2.0
-- The spelling of a name on record: an exact match first, then the earliest.

-- statement spelling_of_subject
SELECT name
FROM (SELECT subject AS name, utc_us FROM subject WHERE subject = @name COLLATE NOCASE
      UNION ALL
      SELECT subject, utc_us FROM course WHERE subject = @name COLLATE NOCASE
      UNION ALL
      SELECT subject, utc_us FROM incident WHERE subject = @name COLLATE NOCASE
      UNION ALL
      SELECT subject, utc_us FROM session WHERE subject = @name COLLATE NOCASE)
ORDER BY name <> @name, utc_us
LIMIT 1;

-- statement spelling_of_refused_badge
SELECT badge FROM attempt WHERE badge = @name COLLATE NOCASE ORDER BY badge <> @name, utc_us LIMIT 1;

-- statement spelling_of_badge
SELECT badge FROM operator WHERE badge = @name COLLATE NOCASE ORDER BY badge <> @name, seq LIMIT 1;

-- statement spelling_of_lot
SELECT lot FROM lot WHERE lot = @name COLLATE NOCASE ORDER BY lot <> @name, seq LIMIT 1;

-- statement spelling_of_pigment
SELECT lot FROM pigment_stock WHERE lot = @name COLLATE NOCASE ORDER BY lot <> @name, seq LIMIT 1;

-- statement spelling_of_indicator
SELECT lot FROM indicator_test WHERE lot = @name COLLATE NOCASE ORDER BY lot <> @name, seq LIMIT 1;

-- statement spelling_of_blend
SELECT blend FROM pigment_blend WHERE blend = @name COLLATE NOCASE ORDER BY blend <> @name, seq LIMIT 1;

-- statement spelling_of_handpiece
SELECT handpiece FROM handpiece WHERE handpiece = @name COLLATE NOCASE ORDER BY handpiece <> @name, seq LIMIT 1;

-- statement spelling_of_sterilizer
SELECT sterilizer FROM sterilizer WHERE sterilizer = @name COLLATE NOCASE ORDER BY sterilizer <> @name, seq LIMIT 1;
