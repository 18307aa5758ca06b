-- SPDX-License-Identifier: Apache-2.0
-- The head of the registry's log; nobody else appends until the transaction ends.

SELECT size, edge FROM registry FOR UPDATE;
