-- SPDX-License-Identifier: Apache-2.0
-- A leaf of the registry's log, the newest head, and the complete nodes beside the leaf's path: a row for each.
-- $1: the number of the leaf

SELECT registry.size, note, edge, leaf, node.level, hash
FROM registry
JOIN registry_leaf ON seq = $1::bigint
LEFT JOIN generate_series(0, 62) AS at(level) ON $1::bigint >> at.level > 0 OR registry.size >> at.level > 0
LEFT JOIN registry_node AS node ON node.level = at.level AND node.number = ($1::bigint >> at.level) # 1;
