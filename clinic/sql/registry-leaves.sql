-- SPDX-License-Identifier: Apache-2.0
-- Leaves of the registry's log with its newest head; one row without a leaf when there is none.
-- $1: the first

SELECT size, note, leaf
FROM registry
LEFT JOIN registry_leaf ON seq >= $1::bigint AND seq < $1::bigint + 256
ORDER BY seq;
