-- SPDX-License-Identifier: Apache-2.0
-- How records of cartridges and their lots change the tables. @twin is the key that all spellings of the unit's serial
-- share (lib/ledger/twin.c).

-- record lot.received
-- A further delivery adds to its lot. The lot's other columns come from the newest delivery; columns that belong
-- together come from the same one. Where another station of the clinic read another expiry, the earlier one holds. A lot
-- may be barred by another station before it is on record here.
INSERT INTO lot(
  gtin, lot, product, maker, expiry, quantity, certificate, received_us, seq, configuration, supplier, purchase,
  certificate_file, certificate_sha256, membrane, membrane_reference, low_stock, serialised)
VALUES (
  coalesce(@gtin, ''), @lot, @product, @maker, @expiry, @quantity, @certificate, @utc_us, @seq, @configuration,
  @supplier, @purchase, @certificate_file, @certificate_sha256, coalesce(@membrane, 0), @membrane_reference,
  coalesce(@low_stock, 0), coalesce(@serialised, 0))
ON CONFLICT DO UPDATE
SET quantity = quantity + @quantity, received_us = @utc_us, seq = @seq,
  expiry = iif(@from IS NULL, expiry, min(expiry, @expiry)),
  configuration = coalesce(configuration, @configuration),
  supplier = iif(coalesce(@supplier, @purchase) IS NOT NULL, @supplier, supplier),
  purchase = iif(coalesce(@supplier, @purchase) IS NOT NULL, @purchase, purchase),
  certificate = coalesce(@certificate, certificate),
  certificate_file = iif(
    coalesce(@certificate_file, @certificate_sha256) IS NOT NULL OR @certificate <> certificate,
    @certificate_file, certificate_file),
  certificate_sha256 = iif(
    coalesce(@certificate_file, @certificate_sha256) IS NOT NULL OR @certificate <> certificate,
    @certificate_sha256, certificate_sha256),
  membrane = coalesce(@membrane, membrane),
  membrane_reference = coalesce(@membrane_reference, membrane_reference),
  low_stock = coalesce(@low_stock, low_stock),
  serialised = max(serialised, coalesce(@serialised, 0));
UPDATE lot
SET status_us = @utc_us,
  (status, status_seq) = (
    SELECT max(status), max(bar.seq)
    FROM bar
    WHERE NOT pigment AND bar.lot = @lot AND (bar.gtin IS NULL OR @gtin IS NULL OR bar.gtin = @gtin))
WHERE lot = @lot
  AND gtin = coalesce(@gtin, '')
  AND status = 'released'
  AND EXISTS (
    SELECT 1
    FROM bar
    WHERE NOT pigment AND bar.lot = @lot AND station IS NOT NULL
      AND (bar.gtin IS NULL OR @gtin IS NULL OR bar.gtin = @gtin));

-- record lot.certificate
-- Without a number, the name of the file identifies the certificate.
UPDATE lot
SET certificate = coalesce(@certificate, certificate, @file), certificate_file = @file, certificate_sha256 = @sha256
WHERE lot = @lot
  AND gtin = (SELECT max(gtin) FROM lot WHERE lot = @lot AND (@gtin IS NULL OR gtin IN (@gtin, '')));

-- record lot.status
-- What another station says adds a bar, or takes away those that it knew of: the lot is released when none is left. A
-- release of an earlier program lifts the bars of its own station.
UPDATE lot
SET status = @status, status_seq = @seq, status_us = @utc_us
WHERE @from IS NULL
  AND lot = @lot
  AND gtin = (SELECT max(gtin) FROM lot WHERE lot = @lot AND (@gtin IS NULL OR gtin IN (@gtin, '')));
INSERT INTO bar(seq, pigment, lot, gtin, status, station, number)
SELECT @seq, 0, @lot, @gtin, @status, substr(@from, 1, instr(@from, ' ') - 1),
  CAST(substr(@from, instr(@from, ' ') + 1) AS INTEGER)
WHERE @status <> 'released';
DELETE FROM bar
WHERE @status = 'released'
  AND NOT pigment
  AND lot = @lot
  AND CASE
    WHEN @from IS NULL THEN @gtin IS NULL OR gtin IS NULL OR gtin = @gtin
    WHEN @lifts IS NULL THEN
      station = substr(@from, 1, instr(@from, ' ') - 1)
        AND number < CAST(substr(@from, instr(@from, ' ') + 1) AS INTEGER)
    ELSE
      coalesce(station, (SELECT clinic_member.station FROM clinic_member)) || ' ' || coalesce(number, seq) IN (
        SELECT value FROM json_each(@lifts))
  END;
UPDATE lot
SET status_us = @utc_us,
  (status, status_seq) = (
    SELECT coalesce(max(status), 'released'), coalesce(max(bar.seq), @seq)
    FROM bar
    WHERE NOT pigment AND bar.lot = @lot AND (bar.gtin IS NULL OR lot.gtin = '' OR bar.gtin = lot.gtin))
WHERE @from IS NOT NULL AND lot = @lot AND (@gtin IS NULL OR gtin IN (@gtin, ''));

-- record lot.labelled
INSERT INTO lot_label(run, gtin, lot, first, count, utc_us, operator, seq)
SELECT @run, max(gtin), @lot, @first, @count, @utc_us, @actor, @seq
FROM lot
WHERE lot = @lot AND (@gtin IS NULL OR gtin IN (@gtin, ''));

-- record lot.relabelled
INSERT INTO lot_reprint(seq, gtin, lot, first, count)
SELECT @seq, max(gtin), @lot, @first, @count
FROM lot
WHERE lot = @lot AND (@gtin IS NULL OR gtin IN (@gtin, ''));

-- record needle.claimed
UPDATE lot
SET used = used + 1
WHERE lot = @lot
  AND gtin = (SELECT max(gtin) FROM lot WHERE lot = @lot AND (@gtin IS NULL OR gtin IN (@gtin, '')));
INSERT INTO unit(unit, seq, session, gtin, lot, expiry, chip, operator, utc_us, source, twin)
VALUES (@unit, @seq, @session, coalesce(@gtin, ''), @lot, @expiry, @chip, @actor, @utc_us, @source, @twin);

-- record needle.distinct
INSERT OR IGNORE INTO distinct_unit(unit, other, seq) VALUES (@unit, @other, @seq);

-- record needle.reseated
UPDATE unit SET state = 'mounted', removed_us = NULL WHERE unit = @unit;

-- record needle.removed
UPDATE unit
SET strokes = @strokes, dots = @dots, worked_s = @worked_s, removed_us = @utc_us, state = 'used'
WHERE unit = @unit;

-- record needle.disposed
-- Disposes of one cartridge, or of all cartridges of a session except one that is still in the handpiece.
UPDATE unit
SET state = 'disposed', container = @container, ended_us = @utc_us, ended_by = @actor
WHERE unit = @unit;
UPDATE unit
SET state = 'disposed', container = @container, ended_us = @utc_us, ended_by = @actor
WHERE session = @session
  AND state <> 'disposed'
  AND (state <> 'mounted'
    OR NOT EXISTS (SELECT 1 FROM session WHERE session.session = unit.session AND outcome = 'open'));
INSERT INTO sharps_container(container, used_us, seq)
SELECT @container, @utc_us, @seq
WHERE @container IS NOT NULL
ON CONFLICT DO UPDATE SET used_us = coalesce(used_us, excluded.used_us);

-- record needle.damaged
-- A cartridge that was never mounted is still taken from its lot, because it can never be claimed.
UPDATE lot
SET used = used + 1
WHERE lot = @lot
  AND gtin = (SELECT max(gtin) FROM lot WHERE lot = @lot AND (@gtin IS NULL OR gtin IN (@gtin, '')))
  AND NOT EXISTS (SELECT 1 FROM unit WHERE unit = @unit);
INSERT INTO unit(
  unit, seq, gtin, lot, expiry, operator, utc_us, state, damage_seq, container, ended_us, ended_by, twin)
VALUES (
  @unit, @seq, coalesce(@gtin, ''), coalesce(@lot, ''), @expiry, @actor, @utc_us, 'damaged', @seq, @container, @utc_us,
  @actor, @twin)
ON CONFLICT(unit) DO UPDATE
SET state = 'damaged', damage_seq = @seq, container = @container, ended_us = @utc_us, ended_by = @actor;
INSERT INTO sharps_container(container, used_us, seq)
SELECT @container, @utc_us, @seq
WHERE @container IS NOT NULL
ON CONFLICT DO UPDATE SET used_us = coalesce(used_us, excluded.used_us);

-- record sharps.opened
INSERT INTO sharps_container(container, opened_us, seq) VALUES (@container, @utc_us, @seq)
ON CONFLICT DO UPDATE SET opened_us = coalesce(opened_us, excluded.opened_us);

-- record sharps.filled
UPDATE sharps_container SET filled_us = @utc_us WHERE container = @container;

-- record sharps.collected
UPDATE sharps_container SET collected_us = @utc_us, company = @company WHERE container = @container;
