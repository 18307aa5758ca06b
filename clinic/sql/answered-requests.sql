-- SPDX-License-Identifier: Apache-2.0
-- What was answered to some requests.
-- $1: their numbers

SELECT request, station, status, answer FROM request WHERE request = ANY ($1::uuid[]);
