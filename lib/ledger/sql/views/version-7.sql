-- SPDX-License-Identifier: Apache-2.0
-- The views for outside tools (docs/ledger.md) in version 7; those of earlier versions stay. They are created after
-- that version's tables.

CREATE VIEW audit_held AS
SELECT unit, lot, granted, seq
FROM held;

CREATE VIEW audit_stations AS
SELECT station, name, key, quarantined, seq
FROM clinic_station;
