-- SPDX-License-Identifier: Apache-2.0
-- The station whose log has a name.
-- $1: the log's origin

SELECT station, origin, log_key, state, name FROM station WHERE origin = $1 AND state <> 'retired';
