-- SPDX-License-Identifier: Apache-2.0
-- The labels that were printed for sterile packs: one row for each pack and print.
--
-- @from time: printed from then on
-- @to time: printed before then
-- @sterilizer text: the name of a steriliser, in capitals or not
-- @cycle number: the number of a cycle
-- @record number: the record of the print
-- @after number: the seq of the last row of the page before
-- @limit number: at most so many rows

SELECT pack_label.seq, item, cycle.sterilizer, cycle.cycle, cycle.series, program, load,
  started_us AS "started:utc",
  (SELECT date(
     started_us / 1000000, 'unixepoch', '+' || json_extract(CAST(leaf AS TEXT), '$.body.sterile_days') || ' days')
   FROM record AS named
   WHERE named.seq = released_seq)
    AS use_by,
  coalesce(
    (SELECT json_extract(CAST(leaf AS TEXT), '$.body.initials') FROM record AS named WHERE named.seq = released_seq),
    (SELECT json_extract(CAST(leaf AS TEXT), '$.body.initials') FROM record AS named WHERE named.seq = cycle.seq))
    AS initials,
  said.utc_us AS "labelled:utc", json_extract(CAST(said.leaf AS TEXT), '$.actor') AS operator,
  (SELECT count(*)
   FROM pack_label AS earlier
   WHERE earlier.cycle_seq = pack_label.cycle_seq AND earlier.item = pack_label.item AND earlier.seq < said.seq)
    AS reprints
FROM pack_label
JOIN cycle ON cycle.seq = cycle_seq
JOIN record AS said ON said.seq = pack_label.seq
WHERE (@from IS NULL OR said.utc_us >= @from)
  AND (@to IS NULL OR said.utc_us < @to)
  AND (@sterilizer IS NULL OR cycle.sterilizer = @sterilizer COLLATE NOCASE)
  AND (@cycle IS NULL OR cycle = @cycle)
  AND (@record IS NULL OR pack_label.seq = @record)
  AND (@after IS NULL OR pack_label.seq > @after)
ORDER BY pack_label.seq, item
LIMIT coalesce(@limit, -1);
