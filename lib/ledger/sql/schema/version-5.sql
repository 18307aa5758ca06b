-- SPDX-License-Identifier: Apache-2.0
-- What version 5 changes: free text stays with its record, so that it can be erased. The tables keep the record's
-- number.

DROP VIEW audit_operators;
DROP VIEW audit_lots;
DROP VIEW audit_needles;
DROP VIEW audit_pigment_lots;
DROP VIEW audit_cycles;
DROP VIEW audit_records;
DROP VIEW audit_overrides;
DROP VIEW audit_erasures;
DROP VIEW audit_lot_status;
DROP VIEW audit_follow_ups;

ALTER TABLE operator ADD COLUMN revoked_seq INTEGER;

UPDATE operator
SET revoked_seq = (SELECT max(seq)
                   FROM record
                   WHERE kind = 'operator.revoked'
                     AND json_extract(CAST(leaf AS TEXT), '$.body.badge') = operator.badge)
WHERE revoked_us IS NOT NULL;

ALTER TABLE operator DROP COLUMN revoked;
ALTER TABLE lot ADD COLUMN status_seq INTEGER;
ALTER TABLE unit ADD COLUMN damage_seq INTEGER;

UPDATE lot
SET status_seq = (SELECT max(seq)
                  FROM record
                  WHERE kind = 'lot.status'
                    AND utc_us = status_us
                    AND json_extract(CAST(leaf AS TEXT), '$.body.lot') = lot.lot COLLATE NOCASE
                    AND (
                      json_extract(CAST(leaf AS TEXT), '$.body.gtin') IS NULL
                        OR lot.gtin IN (json_extract(CAST(leaf AS TEXT), '$.body.gtin'), '')))
WHERE status_us IS NOT NULL;

UPDATE unit
SET damage_seq = known.seq
FROM (SELECT json_extract(CAST(leaf AS TEXT), '$.body.unit') AS unit, max(seq) AS seq
      FROM record
      WHERE kind = 'needle.damaged'
      GROUP BY 1)
  AS known
WHERE known.unit = unit.unit;

ALTER TABLE lot DROP COLUMN status_reason;
ALTER TABLE unit DROP COLUMN damage;
ALTER TABLE pigment_stock ADD COLUMN status_seq INTEGER;

UPDATE pigment_stock
SET status_seq = (SELECT max(seq)
                  FROM record
                  WHERE kind = 'pigment.status'
                    AND utc_us = status_us
                    AND json_extract(CAST(leaf AS TEXT), '$.body.lot') = pigment_stock.lot COLLATE NOCASE)
WHERE status_us IS NOT NULL;

ALTER TABLE pigment_stock DROP COLUMN status_reason;

-- If somebody other than the recorder ran a cycle, the name stays with its record.
UPDATE cycle
SET operator = (SELECT json_extract(CAST(leaf AS TEXT), '$.actor') FROM record WHERE record.seq = cycle.seq)
WHERE operator <> (SELECT json_extract(CAST(leaf AS TEXT), '$.actor') FROM record WHERE record.seq = cycle.seq);
