-- SPDX-License-Identifier: Apache-2.0
-- The partition of a month, unless it is there.
-- $1: the first day of the month, as 2026-11-01

SELECT make_month($1::date);
