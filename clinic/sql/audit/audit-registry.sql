-- SPDX-License-Identifier: Apache-2.0
-- The next leaves of the registry's log, a line each.
-- $1: the first; $2: the one after the last; $3: how many at most

SELECT json_build_object('seq', seq, 'leaf', convert_from(leaf, 'UTF8')), seq
FROM registry_leaf
WHERE seq >= $1
  AND seq < $2
ORDER BY seq
LIMIT $3;
