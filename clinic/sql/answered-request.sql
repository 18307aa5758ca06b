-- SPDX-License-Identifier: Apache-2.0
-- What was answered to a request.
-- $1: its number; $2: the station

SELECT status, answer FROM request WHERE request = $1 AND station = $2;
