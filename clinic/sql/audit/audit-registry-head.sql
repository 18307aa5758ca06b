-- SPDX-License-Identifier: Apache-2.0
-- The size of the registry's log and its newest checkpoint.

SELECT size, note FROM registry;
