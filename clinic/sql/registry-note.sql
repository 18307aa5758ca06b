-- SPDX-License-Identifier: Apache-2.0
-- The newest checkpoint of the registry's log, with what else a backup says of the database.

SELECT size, note, (SELECT count(*) FROM station), (SELECT count(*) FROM record) FROM registry;
