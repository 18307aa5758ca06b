-- SPDX-License-Identifier: Apache-2.0
-- A station claimed a unit that it holds. The same request again changes nothing and gives the row again.
-- $1: the unit; $2: the station; $3: the number of the request

UPDATE unit SET claimed = coalesce(claimed, now()), claim_request = $3
WHERE unit = $1 AND station = $2 AND written_off IS NULL AND (claimed IS NULL OR claim_request = $3)
RETURNING unit;
