-- SPDX-License-Identifier: Apache-2.0
-- The head of the registry's log, and the time; nobody else appends until the transaction ends.

SELECT size, edge, seen, fork IS NOT NULL, to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') FROM registry FOR UPDATE;
