-- SPDX-License-Identifier: Apache-2.0
-- Queries that run before a record of cartridges or lots is accepted.

-- statement lot_meant
-- The lot that a record means, by lot and GTIN, or by lot alone where either side has no GTIN. The fifth column is
-- the number of lots that match.
SELECT gtin, quantity, used, expiry, count(*) OVER (), status, certificate, membrane,
  configuration, product
FROM lot
WHERE lot = @lot AND (@gtin IS NULL OR gtin IN (@gtin, ''))
ORDER BY gtin DESC
LIMIT 1;

-- statement lot_delivered
-- The lot that a delivery would add to: its status, then what the delivery must agree with.
SELECT status, product, maker, expiry, configuration
FROM lot
WHERE gtin = coalesce(@gtin, '') AND lot = @lot;

-- statement lot_barred_elsewhere
-- The same lot in another spelling, from a time when these counted as two lots, if it is barred.
SELECT lot, status
FROM lot
WHERE lot = @lot COLLATE NOCASE
  AND lot <> @lot
  AND (@gtin IS NULL OR gtin IN (@gtin, ''))
  AND status <> 'released'
LIMIT 1;

-- statement expiry_corrected
-- Whether a correction of a receipt of the lot gives the expiry @expiry.
SELECT 1
FROM correction
CROSS JOIN record ON record.seq = corrects
WHERE kind = 'lot.received'
  AND field = 'expiry'
  AND new = @expiry
  AND json_extract(CAST(leaf AS TEXT), '$.body.lot') = @lot COLLATE NOCASE
  AND (@gtin IS NULL
    OR json_extract(CAST(leaf AS TEXT), '$.body.gtin') IS NULL
    OR json_extract(CAST(leaf AS TEXT), '$.body.gtin') = @gtin)
LIMIT 1;

-- statement unit_used
SELECT unit, utc_us, session, ended_us
FROM unit
WHERE unit = @unit OR chip = @chip
LIMIT 1;

-- statement unit_ended
-- The end of a cartridge, and whether its session is open.
SELECT state, container, unit.ended_us, session.outcome = 'open'
FROM unit
LEFT JOIN session USING(session)
WHERE unit = @unit;

-- statement units_to_dispose_of
-- Whether a session has a cartridge that may be disposed of, by the rule of project/inventory.sql.
SELECT 1
FROM unit
WHERE session = @session
  AND state <> 'disposed'
  AND (state <> 'mounted'
    OR NOT EXISTS (SELECT 1 FROM session WHERE session.session = unit.session AND outcome = 'open'))
LIMIT 1;

-- statement sharps_container
-- What became of a container of sharps.
SELECT filled_us, collected_us, opened_us
FROM sharps_container
WHERE container = @container;
