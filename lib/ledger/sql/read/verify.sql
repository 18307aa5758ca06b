-- SPDX-License-Identifier: Apache-2.0
-- Queries of a verification. The ledger is attached as "kept", beside our own tables.

-- statement surplus_nodes
-- The number of stored tree nodes over records that do not exist. Nodes are stored from level 8 up.
SELECT count(*)
FROM tree_node
WHERE NOT (
  typeof(level) = 'integer'
  AND typeof(number) = 'integer'
  AND level BETWEEN 8 AND 62
  AND number >= 0
  AND number < (@records >> level));

-- statement checkpoint_dates
-- Each checkpoint with its newest record and the one after it.
SELECT size, checkpoint.utc_us, newest.utc_us, newest.leaf, next.utc_us, next.leaf
FROM checkpoint
LEFT JOIN record AS newest ON newest.seq = size
LEFT JOIN record AS next ON next.seq = size + 1
ORDER BY size;

-- statement sealing_records
-- The records of kinds that end their group with a checkpoint, and the time of the newest record under it. The
-- fifth column is whether the kind does so only since a later version.
SELECT sealing.seq, sealing.utc_us,
  (SELECT newest.utc_us
   FROM checkpoint
   JOIN record AS newest ON newest.seq = size
   WHERE size >= sealing.seq
   ORDER BY size
   LIMIT 1),
  CASE WHEN kind = 'station.started' THEN leaf END,
  kind IN ('needle.claimed', 'ledger.restored', 'ledger.cleared', 'clinic.released', 'clinic.received')
FROM record AS sealing
WHERE kind IN (
    'station.started', 'key.created', 'key.rotated', 'session.signed', 'session.abandoned', 'session.interrupted',
    'station.stopped', 'needle.claimed', 'ledger.restored', 'ledger.cleared', 'clinic.released', 'clinic.received')
  AND sealing.seq >= (SELECT min(seq) FROM record WHERE kind = 'key.created')
ORDER BY sealing.seq;

-- statement key_records
SELECT seq, leaf, kind = 'ledger.restored'
FROM record
WHERE kind IN ('key.created', 'key.rotated', 'ledger.restored')
ORDER BY seq;

-- statement clinic_records
-- What a station's part in its clinic follows from, and the claims.
SELECT seq, kind, leaf
FROM record
WHERE kind IN ('clinic.joined', 'clinic.leaf', 'clinic.released', 'clinic.received', 'ledger.restored')
  OR kind = 'needle.claimed' AND EXISTS (SELECT 1 FROM record WHERE kind = 'clinic.joined')
ORDER BY seq;

-- statement newest_record
SELECT coalesce(max(seq), 0), coalesce((SELECT utc_us FROM record ORDER BY seq DESC LIMIT 1), 0)
FROM record;

-- statement without_attachment
-- Records with an attachment whose attachment is missing. A chunk without strokes, which counts a dot whose strokes
-- stand in the chunk before, has none; the attachment of what another station entered is there. Consents before
-- version 6 have not the words that were signed, and do not say how many bytes they have.
SELECT seq
FROM record
WHERE kind IN (
    'strokes', 'lot.certificate', 'pigment.sheet', 'recall.listed', 'sterilizer.file', 'session.consent',
    'session.statement', 'clinic.received')
  AND NOT (kind = 'strokes' AND json_extract(CAST(leaf AS TEXT), '$.body.strokes') = 0)
  AND NOT (kind LIKE 'session.%' AND json_extract(CAST(leaf AS TEXT), '$.body.text_bytes') IS NULL)
  AND NOT (
    kind IN ('lot.certificate', 'pigment.sheet', 'recall.listed')
    AND json_extract(CAST(leaf AS TEXT), '$.body.from') IS NOT NULL)
  AND NOT EXISTS (SELECT 1 FROM attachment WHERE attachment.seq = record.seq);

-- statement shared_columns
-- The columns in which an older file's table must equal ours. Earlier programs did not fill the columns named here;
-- the migration to this version fills them (schema/version-4.sql).
SELECT group_concat('"' || name || '"', ', ')
FROM pragma_table_info(@table, 'kept')
WHERE name IN (SELECT name FROM pragma_table_info(@table, 'main'))
  AND @table || '.' || name NOT IN ('unit.strokes', 'unit.dots', 'unit.state', 'unit.removed_us', 'session.needles');
