-- SPDX-License-Identifier: Apache-2.0
-- The size of the registry's log.

SELECT size FROM registry;
