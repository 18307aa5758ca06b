-- SPDX-License-Identifier: Apache-2.0
-- What version 3 adds: further fields of an incident.

DROP VIEW audit_incidents;
DROP VIEW audit_operators;
DROP VIEW audit_sessions;
DROP VIEW audit_images;
DROP VIEW audit_zones;

ALTER TABLE incident ADD COLUMN occurred TEXT;
ALTER TABLE incident ADD COLUMN treatment TEXT;
ALTER TABLE incident ADD COLUMN referral TEXT;
