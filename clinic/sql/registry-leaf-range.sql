-- SPDX-License-Identifier: Apache-2.0
-- Some leaves of the registry's log, in their order.
-- $1: the number of the first; $2: how many at most

SELECT leaf FROM registry_leaf WHERE seq >= $1 ORDER BY seq LIMIT $2;
