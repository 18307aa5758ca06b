-- SPDX-License-Identifier: Apache-2.0
-- Queries for publishing and exporting a ledger.

-- statement renamed_station
SELECT json_extract(CAST(leaf AS TEXT), '$.station')
FROM record
WHERE kind = 'station.renamed'
ORDER BY seq DESC
LIMIT 1;

-- statement records_to_publish
SELECT seq, utc_us, kind, leaf, hash
FROM record
WHERE published AND seq > @after
ORDER BY seq
LIMIT @limit;

-- statement records_to_export
-- Records with their attachments, except chunks of strokes.
SELECT seq, leaf, CASE WHEN kind <> 'strokes' THEN data END
FROM record
LEFT JOIN attachment USING(seq)
WHERE seq <= @records
ORDER BY seq;
