-- SPDX-License-Identifier: Apache-2.0
-- The station that a client's certificate names.
-- $1: its name

SELECT station, origin, log_key, state FROM station WHERE name = $1 AND state <> 'retired';
