-- SPDX-License-Identifier: Apache-2.0
-- How the station opens its ledger to write.

-- statement open_to_write
-- recursive_triggers: what INSERT OR REPLACE would delete meets the trigger against it. secure_delete: what is deleted
-- is overwritten, as personal data that was erased. The cache is small: the memory of a station is for other things, and
-- the file system caches too.
PRAGMA journal_mode = WAL;
PRAGMA synchronous = FULL;
PRAGMA wal_autocheckpoint = 0;
PRAGMA recursive_triggers = ON;
PRAGMA secure_delete = ON;
PRAGMA cache_size = -512;
PRAGMA temp_store = MEMORY;
