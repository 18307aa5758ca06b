-- SPDX-License-Identifier: Apache-2.0
-- The newest checkpoint of the registry's log, and a leaf that it covers.
-- $1: the number of the leaf

SELECT registry.size, note, leaf FROM registry, registry_leaf WHERE seq = $1;
