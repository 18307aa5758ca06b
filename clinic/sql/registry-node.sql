-- SPDX-License-Identifier: Apache-2.0
-- A complete node of the registry's tree.
-- $1: its level; $2: its number

SELECT hash FROM registry_node WHERE level = $1 AND number = $2;
