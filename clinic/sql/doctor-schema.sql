-- SPDX-License-Identifier: Apache-2.0
-- The version of the tables, and how the registry and its stations are.

SELECT (SELECT version FROM schema_version), (SELECT size FROM registry),
  (SELECT count(*) FROM station WHERE state = 'active'),
  (SELECT coalesce(string_agg(name, ', ' ORDER BY name), '') FROM station WHERE state = 'quarantined'),
  (SELECT coalesce(string_agg(name, ', ' ORDER BY name), '') FROM station WHERE state = 'active'
    AND EXISTS (SELECT FROM certificate WHERE certificate.station = station.station)
    AND NOT EXISTS (SELECT FROM certificate WHERE certificate.station = station.station AND revoked IS NULL AND ends > now()));
