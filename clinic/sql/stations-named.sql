-- SPDX-License-Identifier: Apache-2.0
-- Stations by their names.
-- $1: the names

SELECT station, name, origin, log_key, state FROM station WHERE name = ANY ($1::text[]) AND state <> 'retired';
